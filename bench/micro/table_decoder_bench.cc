// SPDX-License-Identifier: Apache-2.0
// MB/s of lines into rows: the default table of all fields, alone and beside tables with a `where`.
// Chunks of 1 MiB as a follower gives them; the rows of 16 MiB make a batch.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bench_line.h"
#include "shipper/decode/columns.h"
#include "shipper/decode/table_decoder.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::size_t kBatchBytes = 16 << 20;
constexpr logfmt::SegmentId kSegment{{logfmt::SegmentKind::kAccess, 1, 2, 3}, 4};

const std::string& text() {
  static const std::string made = logfmt::bench_text(kBatchBytes);
  return made;
}

void run(benchmark::State& state, const std::vector<TableSpec>& tables) {
  TableDecoder decoder(tables);
  std::int64_t lines = 0;
  for (auto _ : state) {
    std::vector<RowBlock> blocks;
    std::vector<DeadLetter> letters;
    for (std::size_t at = 0; at < text().size();) {
      const std::string_view window = std::string_view(text()).substr(at, kChunkBytes);
      const std::string_view chunk = window.substr(0, window.rfind('\n') + 1);
      lines +=
          static_cast<std::int64_t>(decoder.decode(kSegment, at, chunk, blocks, letters).lines);
      at += chunk.size();
    }
    if (!letters.empty()) state.SkipWithError("dead letters of good text");
    benchmark::DoNotOptimize(blocks);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text().size()));
  state.SetItemsProcessed(lines);
}

void BM_RequestsTable(benchmark::State& state) {
  std::vector<ColumnSpec> parameters;
  for (const char* name : {"a", "b", "c", "d"}) parameters.push_back(parameter_column(name));
  run(state, {requests_table(parameters)});
}
BENCHMARK(BM_RequestsTable);

void BM_FieldsOnly(benchmark::State& state) { run(state, {requests_table({})}); }
BENCHMARK(BM_FieldsOnly);

}  // namespace
}  // namespace pixel::shipper
