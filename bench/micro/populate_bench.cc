// SPDX-License-Identifier: Apache-2.0
// Making the pages of a segment ready, in the working directory's file system: as the kernel likes
// to do it, and in the keeper's steps. A kernel without preemption gives the core to nobody during
// a step: the counters say how long a step is, the time what a whole segment takes.
#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "edge/log/pages.h"
#include "edge/log/segment_file.h"

namespace pixel::edge {
namespace {

constexpr std::uint64_t kSegmentBytes = 16 << 20;
constexpr int kPopulateRead = 22;  // Linux 5.14.
constexpr int kPopulateWrite = 23;

enum Way : int { kUnasked, kTwoSteps };

// Durations of the system calls, in ns.
void populate(const MappedSegment& segment, int way, std::vector<std::uint64_t>& steps) {
  const auto step = [&](char* begin, int advice) {
    const std::uint64_t before = base::monotonic_ns();
    CHECK(::madvise(begin, kHugePageBytes, advice) == 0);
    steps.push_back(base::monotonic_ns() - before);
  };
  if (way == kUnasked) ::madvise(segment.base, segment.capacity, MADV_NORMAL);
  for (std::uint64_t at = 0; at < segment.capacity; at += kHugePageBytes) {
    if (way == kTwoSteps) step(segment.base + at, kPopulateRead);
    step(segment.base + at, kPopulateWrite);
  }
}

void BM_Populate(benchmark::State& state) {
  const Spool spool{"populate_bench." + std::to_string(::getpid())};
  CHECK(create_spool(spool).ok());
  std::vector<std::uint64_t> steps;
  std::uint32_t index = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto file =
        create_segment_file(spool, {{}, index++}, kSegmentBytes, Durability::kProcess).value();
    state.ResumeTiming();
    populate(file.mapped, static_cast<int>(state.range(0)), steps);
    state.PauseTiming();
    discard_segment_file(file);
    state.ResumeTiming();
  }
  std::filesystem::remove_all(spool.root);
  std::sort(steps.begin(), steps.end());
  const auto at = [&](std::size_t permille) {
    return static_cast<double>(steps[(steps.size() - 1) * permille / 1000]) / 1000;
  };
  state.counters["step_p50_us"] = at(500);
  state.counters["step_p90_us"] = at(900);
  state.counters["step_p99_us"] = at(990);
}
BENCHMARK(BM_Populate)->ArgName("two_steps")->Arg(kUnasked)->Arg(kTwoSteps)->UseRealTime();

}  // namespace
}  // namespace pixel::edge
