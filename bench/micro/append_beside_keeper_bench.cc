// SPDX-License-Identifier: Apache-2.0
// ns per append while a keeper works: real segments in the working directory's file system, 200,000
// lines a second in bursts of 64, as loops bring them. Each append is timed alone, less what
// looking at the clock takes; the counters say the median and the worst of a thousand.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "bench_line.h"
#include "edge/log/keeper.h"
#include "edge/log/segment_writer.h"
#include "edge/log/spool.h"

namespace pixel::edge {
namespace {

constexpr int kBurstLines = 64;
constexpr int kBursts = 2'000;
constexpr std::uint64_t kBurstIntervalNs = 320'000;
constexpr std::uint64_t kSegmentBytes = 16 << 20;

std::int64_t now_s() { return static_cast<std::int64_t>(base::realtime_ns() / 1'000'000'000); }

// A spool of its own with a keeper and one writer.
class Lane {
 public:
  Lane() {
    CHECK(create_spool(spool_).ok());
    auto page = logfmt::ControlPage::create(spool_.active() / "bench.control", 1, 1, 1);
    CHECK(page.ok());
    page_.emplace(std::move(*page));
    KeeperOptions options;
    options.spool = spool_;
    options.distribution = "BENCH";
    options.segment_bytes = kSegmentBytes;
    keeper_ =
        std::make_unique<Keeper>(options, std::vector<KeeperLane>{{&supply_, &page_->slot(0)}});
    CHECK(keeper_->start().ok());
    writer_.emplace(supply_, page_->slot(0), 60);
    writer_->tick(now_s());
  }
  ~Lane() {
    writer_->finish();
    keeper_->stop();
    std::filesystem::remove_all(spool_.root);
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  SegmentWriter& writer() { return *writer_; }

 private:
  Spool spool_{"append_bench." + std::to_string(::getpid())};
  std::optional<logfmt::ControlPage> page_;
  SegmentSupply supply_;
  std::unique_ptr<Keeper> keeper_;
  std::optional<SegmentWriter> writer_;
};

std::uint64_t percentile(std::vector<std::uint64_t>& values, double percent) {
  const auto place =
      static_cast<std::size_t>(percent / 100 * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(place),
                   values.end());
  return values[place];
}

std::uint64_t clock_cost_ns() {
  std::vector<std::uint64_t> costs;
  std::uint64_t before = base::monotonic_ns();
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t now = base::monotonic_ns();
    costs.push_back(now - before);
    before = now;
  }
  return percentile(costs, 50);
}

void append_burst(SegmentWriter& writer, std::string_view line, std::vector<std::uint64_t>& times) {
  const std::int64_t second = now_s();
  std::uint64_t before = base::monotonic_ns();
  for (int i = 0; i < kBurstLines; ++i) {
    CHECK(writer.try_reserve(line.size() + 1));
    writer.append(line, second);
    const std::uint64_t now = base::monotonic_ns();
    times.push_back(now - before);
    before = now;
  }
  writer.publish();
}

void BM_AppendBesideKeeper(benchmark::State& state) {
  Lane lane;
  const std::string text = logfmt::bench_text(1);
  const std::string_view line = std::string_view(text).substr(0, text.size() - 1);
  const std::uint64_t clock_ns = clock_cost_ns();
  std::vector<std::uint64_t> times;
  times.resize(std::size_t{kBursts} * kBurstLines);  // Touches them: no append meets their faults.
  times.clear();
  std::uint64_t due_ns = base::monotonic_ns();
  for (auto _ : state) {
    due_ns += kBurstIntervalNs;
    while (base::monotonic_ns() < due_ns) {
    }
    append_burst(lane.writer(), line, times);
  }
  const auto less_clock = [&](std::uint64_t ns) {
    return static_cast<double>(ns - std::min(ns, clock_ns));
  };
  state.counters["p50_ns"] = less_clock(percentile(times, 50));
  state.counters["p99_9_ns"] = less_clock(percentile(times, 99.9));
  state.counters["clock_ns"] = static_cast<double>(clock_ns);
}
BENCHMARK(BM_AppendBesideKeeper)->Iterations(kBursts);

}  // namespace
}  // namespace pixel::edge
