// SPDX-License-Identifier: Apache-2.0
// instruction-work PART COUNT: does one part of serving or shipping COUNT times and nothing else,
// for `run` beside this file to count instructions: the difference between two counts is the part's
// alone. Without a part it names the compiler and what the vector code was chosen for.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/cpu.h"
#include "bench/instructions/replay_ring.h"
#include "bench/micro/bench_line.h"
#include "bench/micro/bench_request.h"
#include "edge/dispatch.h"
#include "edge/dispatch_bodies.h"
#include "edge/dispatch_disk.h"
#include "edge/dispatch_errors.h"
#include "edge/dispatch_requests.h"
#include "edge/http/parser.h"
#include "edge/life.h"
#include "edge/log/segment_writer.h"
#include "logfmt/line_decode.h"
#include "tests/sim/worker_fixture.h"

namespace pixel::bench {
namespace {

// The same whatever the count: to make it must cost the same.
constexpr std::size_t kSegmentBytes = 1 << 20;

// Keeps the compiler from knowing what a value is, or that nobody reads it.
template <class T>
void hide(T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

void parse(std::uint64_t count) {
  const edge::ParseLimits limits;
  edge::RequestView view;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string_view request = edge::kBenchRequest;
    hide(request);
    const edge::ParseResult result = edge::parse_request(request, limits, view);
    hide(view);
    CHECK(result.status == edge::ParseStatus::kComplete);
  }
}

void encode(std::uint64_t count) {
  const logfmt::RequestIdCipher cipher = logfmt::bench_cipher();
  logfmt::RequestIds ids(cipher);
  logfmt::LineInput input = logfmt::bench_input();
  std::string room(logfmt::encoded_line_bytes_max(input), '\0');
  for (std::uint64_t i = 0; i < count; ++i) {
    ++input.sequence.sequence;
    hide(input);
    CHECK(logfmt::encode_line(input, ids, room.data()) > 400);
  }
}

// A line that is ready: room, copy, newline, position.
void append(std::uint64_t count) {
  const std::string line = logfmt::bench_text(1);
  const std::string_view text = std::string_view(line).substr(0, line.size() - 1);
  std::string memory(kSegmentBytes, '\0');
  edge::MappedSegment segment;
  segment.base = memory.data();
  segment.capacity = memory.size();
  edge::SegmentSupply supply;
  supply.offer(segment);
  logfmt::ControlSlot slot{};
  edge::SegmentWriter writer(supply, slot, 60);
  for (std::uint64_t i = 0; i < count; ++i) {
    CHECK(writer.try_reserve(line.size()));
    writer.append(text, 1'800'000'000);
    writer.publish();
    hide(writer);
  }
  CHECK(slot.lines.load() == count);
}

// Text to 33 views of each line, a block of 64 lines at a time.
void decode(std::uint64_t count) {
  const std::string text = logfmt::bench_text(64 * logfmt::bench_text(1).size());
  logfmt::LineTable table;
  std::size_t bytes = 0;
  for (std::uint64_t done = 0; done < count; done += table.lines().size()) {
    table.decode(text);
    for (const logfmt::LineRef& line : table.lines()) {
      for (std::uint32_t i = 0; i < line.field_count; ++i) {
        bytes += table.field(line, static_cast<logfmt::Field>(i)).size();
      }
    }
    hide(bytes);
  }
}

// Everything a worker does for a request, from its completion to its entry for the answer.
void serve(std::uint64_t count, std::uint32_t requests_per_loop) {
  sim::WorldOptions world;
  world.segment_bytes = kSegmentBytes;
  sim::WorkerFixture fixture(world);
  fixture.options.listeners = {{ReplayRing::kListener, false}};
  ReplayRing ring(requests_per_loop, edge::kBenchRequest);
  edge::WorkerControl control;
  const auto core = std::make_unique<edge::WorkerCore<ReplayRing>>(fixture.options, control, ring);
  core->begin();
  while (ring.answers() < count) CHECK(core->step());
  constexpr auto kPixel = static_cast<std::size_t>(edge::ResponseId::kPixel);
  CHECK(control.counters.answered[kPixel].get() == fixture.options.slot->lines.load());
}

void serve_one(std::uint64_t count) { serve(count, 1); }
void serve_sixteen(std::uint64_t count) { serve(count, 16); }

struct Part {
  const char* name;
  void (*work)(std::uint64_t count);
};
constexpr Part kParts[] = {{"parse", parse},   {"encode", encode},   {"append", append},
                           {"decode", decode}, {"serve", serve_one}, {"serve_16", serve_sixteen}};

const char* vectors() {
  if (base::cpu_has_avx512()) return "avx512";
  return base::cpu_has_avx2() ? "avx2" : "baseline";
}

#if defined(__clang__)
constexpr const char* kCompiler = "clang";
#else
constexpr const char* kCompiler = "gcc";
#endif

int run(int argc, char** argv) {
  if (argc == 1) return std::printf("%s-%d %s\n", kCompiler, __GNUC__, vectors()) < 0;
  for (const Part& part : kParts) {
    if (argc != 3 || std::strcmp(argv[1], part.name) != 0) continue;
    part.work(std::strtoull(argv[2], nullptr, 10));
    return 0;
  }
  std::fprintf(stderr, "usage: instruction-work [PART COUNT]\n");
  return 2;
}

}  // namespace
}  // namespace pixel::bench

int main(int argc, char** argv) { return pixel::bench::run(argc, argv); }
