// SPDX-License-Identifier: Apache-2.0
// MB/s of lines into rows: the default table of all fields, alone and beside tables with a `where`.
// Chunks of 1 MiB as a follower gives them; the rows of 16 MiB make a batch.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench_line.h"
#include "shipper/decode/columns.h"
#include "shipper/decode/table_decoder.h"
#include "shipper/transform/rules_builder.h"

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

TableSpec table_of(const char* name, RulesBuilder& rules) {
  TableSpec table;
  table.name = name;
  rules.finish(table);
  return table;
}

// A predicate that no line meets costs a look at its column, and nothing else.
void BM_WhereTakesNothing(benchmark::State& state) {
  RulesBuilder rules(logfmt::SegmentKind::kAccess, DecodeMode::kOnce, standard_columns({}));
  if (rules.where("cs_uri_stem starts_with '/click'")) std::abort();
  run(state, {table_of("clicks", rules)});
}
BENCHMARK(BM_WhereTakesNothing);

void BM_TwoTablesByPredicateAndMask(benchmark::State& state) {
  RulesBuilder clicks(logfmt::SegmentKind::kAccess, DecodeMode::kOnce, standard_columns({}));
  if (clicks.where("cs_uri_stem starts_with '/click' and sc_status in [302, 303]")) std::abort();
  clicks.be_exclusive();
  RulesBuilder rest(logfmt::SegmentKind::kAccess, DecodeMode::kOnce, standard_columns({}));
  rest.exclude(clicks.claims());
  if (rest.mask_address("c_ip", 24, 48)) std::abort();
  run(state, {table_of("clicks", clicks), table_of("requests", rest)});
}
BENCHMARK(BM_TwoTablesByPredicateAndMask);

}  // namespace
}  // namespace pixel::shipper
