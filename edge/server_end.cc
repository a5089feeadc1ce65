// SPDX-License-Identifier: Apache-2.0
// COLD: the end of the edge's life: drain, seal, close the books.
#include <fmt/format.h>

#include <chrono>

#include "base/diagnostics.h"
#include "edge/log/books.h"
#include "edge/server.h"

namespace pixel::edge {
namespace {

// Time for the workers to see the drain and take what is already in their queues.
constexpr auto kLastAcceptTime = std::chrono::milliseconds(20);

}  // namespace

Server::~Server() {
  if (finished_) return;
  // A boot that failed half-way.
  begin_drain(0);
  if (const auto done = finish(); !done) spdlog::error("{}", done.error().message);
}

void Server::stop_being_ready() noexcept {
  draining_.store(true, std::memory_order_release);
  for (const auto& control : controls_) control->ready.store(false, std::memory_order_release);
}

void Server::begin_drain(std::uint64_t patience_ns) {
  stop_being_ready();
  for (const auto& control : controls_) control->drain(patience_ns);
  if (threads_.empty()) return;
  std::this_thread::sleep_for(kLastAcceptTime);
  // Nobody accepts any more. Refused at once is better for a client than unanswered until we exit.
  listeners_.shut();
}

bool Server::drained() const noexcept { return running_.load(std::memory_order_acquire) == 0; }

base::Status Server::finish() {
  finished_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  std::uint64_t left = 0;
  if (keeper_) {
    keeper_->stop();
    left = keeper_->status().abandoned_segments;
  }
  stop_admin();
  if (!page_) return base::ok_status();
  const logfmt::BootLedger books = add_up(*page_, left == 0);
  const auto name = logfmt::control_file_name(config_.node_id, boot_);
  if (auto closed = close_books(spool_, books, name); !closed) return closed;
  page_.reset();
  if (left > 0) return base::Error{fmt::format("{} segments are left to the next start", left)};
  if (worker_failed()) return base::Error{"a worker failed"};
  spdlog::info("sealed and stopped: {} lines, {} answers, {} without a line, {} refused",
               books.lines, books.answers, books.unlogged, books.refused);
  return base::ok_status();
}

}  // namespace pixel::edge
