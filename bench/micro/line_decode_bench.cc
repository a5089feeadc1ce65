// SPDX-License-Identifier: Apache-2.0
// GB/s of the separator index (each variant) and of LineTable on 1 MiB pieces of a text: of 64 MiB,
// which comes from memory, and of 2 MiB, which stays in the cache: there the code is the limit.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "bench_line.h"
#include "logfmt/line_decode.h"
#include "logfmt/line_decode_simd.h"
#include "logfmt/segment_scan.h"

namespace pixel::logfmt {
namespace {

const std::string& text() {
  static const std::string made = bench_text(64 << 20);
  return made;
}

constexpr std::size_t kPieceBytes = 1 << 20;

constexpr std::size_t kCachedBytes = 2 * kPieceBytes;
enum class From { kMemory, kCache };

// Pieces of whole lines, one after the other, over and over.
class Pieces {
 public:
  // The text is made now, before the time counts.
  explicit Pieces(From from)
      : text_(std::string_view(text()).substr(0, from == From::kCache ? kCachedBytes : SIZE_MAX)) {
    text_ = text_.substr(0, published_bytes(text_));
  }

  std::string_view next() {
    if (at_ >= text_.size()) at_ = 0;
    const std::string_view window = text_.substr(at_, kPieceBytes);
    const std::string_view piece = window.substr(0, published_bytes(window));
    at_ += piece.size();
    return piece;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

void index_pieces(benchmark::State& state, IndexFunction function, From from) {
  Pieces pieces(from);
  constexpr std::size_t kBlock = 32 * 1024;
  std::vector<std::uint32_t> positions(kBlock + kIndexSlackEntries);
  std::vector<std::uint32_t> ends(kBlock + 1);
  std::int64_t bytes = 0;
  for (auto _ : state) {
    const std::string_view piece = pieces.next();
    for (std::size_t at = 0; at < piece.size(); at += kBlock) {
      SeparatorIndex index{positions.data(), ends.data()};
      function(piece.substr(at, kBlock), static_cast<std::uint32_t>(at), index);
      benchmark::DoNotOptimize(index);
    }
    benchmark::ClobberMemory();
    bytes += static_cast<std::int64_t>(piece.size());
  }
  state.SetBytesProcessed(bytes);
}

void decode_pieces(benchmark::State& state, From from) {
  Pieces pieces(from);
  LineTable table;
  std::int64_t bytes = 0;
  std::int64_t lines = 0;
  for (auto _ : state) {
    const std::string_view piece = pieces.next();
    table.decode(piece);
    bytes += static_cast<std::int64_t>(piece.size());
    lines += static_cast<std::int64_t>(table.lines().size());
    if (!table.bad_lines().empty()) state.SkipWithError("bad lines in good text");
  }
  state.SetBytesProcessed(bytes);
  state.SetItemsProcessed(lines);
}
void BM_LineTable(benchmark::State& state) { decode_pieces(state, From::kMemory); }
BENCHMARK(BM_LineTable);
void BM_LineTableCached(benchmark::State& state) { decode_pieces(state, From::kCache); }
BENCHMARK(BM_LineTableCached);

void BM_PublishedBytes(benchmark::State& state) {
  std::int64_t bytes = 0;
  std::size_t at = 0;
  for (auto _ : state) {
    const std::string_view window = std::string_view(text()).substr(at, kPieceBytes);
    benchmark::DoNotOptimize(published_bytes(window));
    bytes += static_cast<std::int64_t>(window.size());
    at = at + 2 * kPieceBytes < text().size() ? at + kPieceBytes : 0;
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(BM_PublishedBytes);

void BM_CountNewlinesByByte(benchmark::State& state) {
  Pieces pieces(From::kMemory);
  std::int64_t bytes = 0;
  for (auto _ : state) {
    const std::string_view piece = pieces.next();
    benchmark::DoNotOptimize(std::count(piece.begin(), piece.end(), '\n'));
    bytes += static_cast<std::int64_t>(piece.size());
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(BM_CountNewlinesByByte);

void add(const std::string& name, IndexFunction function) {
  const auto add_from = [&](const char* place, From from) {
    benchmark::RegisterBenchmark((place + name).c_str(), [function, from](benchmark::State& state) {
      index_pieces(state, function, from);
    });
  };
  add_from("index/", From::kMemory);
  add_from("index_cached/", From::kCache);
}

[[maybe_unused]] const bool g_registered = [] {
  add("scalar", index_scalar);
#if PIXEL_X86_64
  add("sse2", index_sse2);
  if (base::cpu_has_avx2()) add("avx2", index_avx2);
  if (base::cpu_has_avx512()) add("avx512", index_avx512);
#endif
  return true;
}();

}  // namespace
}  // namespace pixel::logfmt
