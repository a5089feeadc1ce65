// SPDX-License-Identifier: Apache-2.0
// Two workers of one process write to no cache line in common: what each writes while it serves is
// walked line by line. Made as the server makes them: controls by the main thread, a control page
// for both, each worker on a thread of its own.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/cacheline.h"
#include "edge/dispatch.h"
#include "edge/dispatch_bodies.h"
#include "edge/dispatch_disk.h"
#include "edge/dispatch_errors.h"
#include "edge/dispatch_requests.h"
#include "edge/life.h"
#include "logfmt/control_page.h"
#include "tests/sim/scenario.h"
#include "tests/sim/simulated_ring.h"
#include "tests/sim/worker_fixture.h"

namespace pixel::sim {
namespace {

using Core = edge::WorkerCore<SimulatedRing>;

struct Piece {
  std::uintptr_t begin;
  std::size_t bytes;
};

class TwoWorkers : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "worker_cache_lines_" + std::to_string(::getpid());
    auto page = logfmt::ControlPage::create(path_, 1, 1, 2, 2);
    ASSERT_TRUE(page.ok());
    page_.emplace(std::move(*page));
    for (int worker = 0; worker < 2; ++worker) {
      controls_.push_back(std::make_unique<edge::WorkerControl>());
    }
  }
  void TearDown() override { std::filesystem::remove(path_); }

  // Serves 100 requests on the calling thread, beside the other worker's, and remembers what it
  // writes to. Nothing is freed before both have: an address has one owner.
  void serve(std::size_t worker) {
    auto fixture = std::make_unique<WorkerFixture>(WorldOptions{});
    fixture->options.listeners = {{SimulatedRing::kListener, false}};
    fixture->options.slot = &page_->slot(logfmt::SegmentKind::kAccess, worker);
    fixture->options.events_slot = &page_->slot(logfmt::SegmentKind::kEvents, worker);
    edge::RingOptions options;
    options.receive_buffers = fixture->options.receive_buffers;
    auto ring = std::make_unique<SimulatedRing>(options, 1, false);
    auto core = std::make_unique<Core>(fixture->options, *controls_[worker], *ring);
    core->begin();
    core->step();
    for (int i = 0; i < 100; ++i) {
      const int client = ring->connect();
      core->step();
      ring->socket(client).to_server = get(i);
      core->step();
    }
    core->visit_written([&](const void* begin, std::size_t bytes) {
      pieces_[worker].push_back({reinterpret_cast<std::uintptr_t>(begin), bytes});
    });
    served_[worker] = fixture->options.slot->lines.load();
    ended_.fetch_add(1);
    while (ended_.load() < 2) std::this_thread::yield();
  }

  std::string path_;
  std::optional<logfmt::ControlPage> page_;
  std::vector<std::unique_ptr<edge::WorkerControl>> controls_;
  std::vector<Piece> pieces_[2];
  std::uint64_t served_[2] = {0, 0};
  std::atomic<int> ended_{0};
};

TEST_F(TwoWorkers, WriteToNoCacheLineInCommon) {
  std::thread other([&] { serve(1); });
  serve(0);
  other.join();
  EXPECT_GT(served_[0], 50U);
  EXPECT_GT(served_[1], 50U);
  // In pairs of lines: the processor fetches them so.
  std::unordered_map<std::uintptr_t, std::size_t> owner;
  for (std::size_t worker = 0; worker < 2; ++worker) {
    ASSERT_GT(pieces_[worker].size(), 50U);  // Connections among them.
    for (const Piece& piece : pieces_[worker]) {
      const std::uintptr_t last = (piece.begin + piece.bytes - 1) / base::kFalseSharingBytes;
      for (auto line = piece.begin / base::kFalseSharingBytes; line <= last; ++line) {
        const auto [place, is_new] = owner.try_emplace(line, worker);
        ASSERT_TRUE(is_new || place->second == worker)
            << "both write to the line pair at " << std::hex << line * base::kFalseSharingBytes;
      }
    }
  }
}

}  // namespace
}  // namespace pixel::sim
