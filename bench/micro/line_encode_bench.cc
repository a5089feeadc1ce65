// SPDX-License-Identifier: Apache-2.0
// ns per line of encode_line, of its parts, and of memcpy of a ready line as the floor.
#include <benchmark/benchmark.h>

#include <array>
#include <cstring>

#include "base/assert.h"
#include "bench_line.h"

namespace pixel::logfmt {
namespace {

void set_line_counters(benchmark::State& state, std::size_t line_bytes) {
  state.counters["line_bytes"] = static_cast<double>(line_bytes);
  state.SetBytesProcessed(static_cast<std::int64_t>(line_bytes) * state.iterations());
}

void encode(benchmark::State& state, LineInput input) {
  const RequestIdCipher cipher = bench_cipher();
  RequestIds ids(cipher);
  // As a worker's, which begins with a cache line: other places cost up to a quarter more.
  alignas(64) static std::array<char, 8 * 1024> room;
  CHECK(encoded_line_bytes_max(input) <= room.size());
  std::size_t bytes = 0;
  for (auto _ : state) {
    ++input.sequence.sequence;
    bytes = encode_line(input, ids, room.data());
    benchmark::DoNotOptimize(room.data());
    benchmark::ClobberMemory();
  }
  set_line_counters(state, bytes);
}

void BM_EncodeLine(benchmark::State& state) { encode(state, bench_input()); }
BENCHMARK(BM_EncodeLine);

void BM_EncodeLineCleanUserAgent(benchmark::State& state) {
  LineInput input = bench_input();
  input.user_agent =
      "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)"
      "+Chrome/131.0.0.0+Safari/537.36";
  encode(state, input);
}
BENCHMARK(BM_EncodeLineCleanUserAgent);

void BM_RequestId(benchmark::State& state) {
  const RequestIdCipher cipher = bench_cipher();
  RequestSequence sequence{1, 0, 7, 0};
  char id[kRequestIdBytes];
  for (auto _ : state) {
    ++sequence.sequence;
    cipher.encode(sequence, id);
    benchmark::DoNotOptimize(id);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(BM_RequestId);

void BM_RequestIdInOrder(benchmark::State& state) {
  const RequestIdCipher cipher = bench_cipher();
  RequestIds ids(cipher);
  RequestSequence sequence{1, 0, 7, 0};
  for (auto _ : state) {
    ++sequence.sequence;
    benchmark::DoNotOptimize(ids.of(sequence));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(BM_RequestIdInOrder);

void BM_FormatDateTime(benchmark::State& state) {
  std::int64_t second = 1'795'200'720;
  for (auto _ : state) benchmark::DoNotOptimize(format_date_time(++second));
}
BENCHMARK(BM_FormatDateTime);

void BM_CopyReadyLine(benchmark::State& state) {
  const std::string line = bench_text(1);
  std::vector<char> room(line.size());
  for (auto _ : state) {
    std::memcpy(room.data(), line.data(), line.size());
    benchmark::DoNotOptimize(room.data());
    benchmark::ClobberMemory();
  }
  set_line_counters(state, line.size());
}
BENCHMARK(BM_CopyReadyLine);

}  // namespace
}  // namespace pixel::logfmt
