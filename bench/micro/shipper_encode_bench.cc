// SPDX-License-Identifier: Apache-2.0
// MB/s of log lines through the decoder and through each encoder alone, in batches of 4,096 rows:
// per byte of the log, so that the figures of all encoders compare.
#include <benchmark/benchmark.h>

#include <numeric>
#include <string>
#include <vector>

#include "bench_line.h"
#include "shipper/decode/columns.h"
#include "shipper/decode/table_decoder.h"
#include "shipper/encode/csv.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/encode/json_lines.h"
#include "shipper/encode/row_binary.h"
#include "shipper/encode/tsv.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kBenchBytes = 2'000'000;  // About 4,096 lines.
constexpr logfmt::SegmentId kSegment{{logfmt::SegmentKind::kAccess, 1, 2, 3}, 0};

const std::string& text() {
  static const std::string made = logfmt::bench_text(kBenchBytes);
  return made;
}

const std::vector<ColumnSpec>& columns() {
  static const auto made = standard_columns(
      {parameter_column("a"), parameter_column("b"), parameter_column("c"), parameter_column("d")});
  return made;
}

TableDecoder make_decoder() {
  return TableDecoder({requests_table({parameter_column("a"), parameter_column("b"),
                                       parameter_column("c"), parameter_column("d")})});
}

RowBlock decoded(TableDecoder& decoder) {
  std::vector<RowBlock> tables;
  std::vector<DeadLetter> dead_letters;
  decoder.decode(kSegment, 0, text(), tables, dead_letters);
  return std::move(tables[0]);
}

void count(benchmark::State& state, const RowBlock& rows) {
  const auto runs = static_cast<std::int64_t>(state.iterations());
  state.SetBytesProcessed(runs * static_cast<std::int64_t>(text().size()));
  state.SetItemsProcessed(runs * static_cast<std::int64_t>(rows.row_count));
}

std::vector<WireColumn> wire_columns() {
  std::vector<WireColumn> wire;
  for (const ColumnSpec& column : columns()) {
    const WireType type = column.type == ColumnType::kInteger     ? WireType::kInt64
                          : column.type == ColumnType::kDouble    ? WireType::kFloat64
                          : column.type == ColumnType::kTimestamp ? WireType::kDateTime64
                                                                  : WireType::kString;
    wire.push_back({type, true, 6});
  }
  return wire;
}

void BM_Decode(benchmark::State& state) {
  TableDecoder decoder = make_decoder();
  RowBlock rows;
  for (auto _ : state) {
    rows = decoded(decoder);
    benchmark::DoNotOptimize(rows.row_count);
  }
  count(state, rows);
}
BENCHMARK(BM_Decode);

template <class Encode>
void run(benchmark::State& state, Encode encode) {
  TableDecoder decoder = make_decoder();
  const RowBlock rows = decoded(decoder);
  for (auto _ : state) {
    // A piece at a time, as the sinks do: what was encoded is still in the cache when it is sent.
    for (std::size_t from = 0; from < rows.row_count; from += 512) {
      benchmark::DoNotOptimize(encode(rows, from, std::min(from + 512, rows.row_count)));
    }
  }
  count(state, rows);
}

void BM_JsonLines(benchmark::State& state) {
  JsonLines encoder(columns());
  run(state, [&](const RowBlock& rows, std::size_t from, std::size_t to) {
    return encoder.encode(rows, from, to).size();
  });
}
BENCHMARK(BM_JsonLines);

void BM_JsonLinesGzip(benchmark::State& state) {
  JsonLines encoder(columns());
  run(state, [&](const RowBlock& rows, std::size_t from, std::size_t to) {
    return gzip_member(encoder.encode(rows, from, to))->size();
  });
}
BENCHMARK(BM_JsonLinesGzip);

void BM_Csv(benchmark::State& state) {
  Csv encoder(columns());
  run(state, [&](const RowBlock& rows, std::size_t from, std::size_t to) {
    return encoder.encode(rows, from, to).size();
  });
}
BENCHMARK(BM_Csv);

template <class Encoder>
void run_wire(benchmark::State& state) {
  Encoder encoder(columns(), wire_columns());
  std::vector<std::uint32_t> all(text().size() / 100);
  std::iota(all.begin(), all.end(), 0U);
  run(state, [&](const RowBlock& rows, std::size_t from, std::size_t to) {
    return encoder.encode(rows, std::span(all).subspan(from, to - from)).size();
  });
}
void BM_RowBinary(benchmark::State& state) { run_wire<RowBinary>(state); }
BENCHMARK(BM_RowBinary);
void BM_Tsv(benchmark::State& state) { run_wire<Tsv>(state); }
BENCHMARK(BM_Tsv);

}  // namespace
}  // namespace pixel::shipper
