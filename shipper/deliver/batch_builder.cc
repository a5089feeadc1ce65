// SPDX-License-Identifier: Apache-2.0
// See batch_builder.h. COLD: whatever is made again is made line by line.
#include "shipper/deliver/batch_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/hash.h"
#include "shipper/batch/line_count.h"
#include "shipper/decode/columns.h"

namespace pixel::shipper {
namespace {

bool is_before(const LineChunk& a, const LineChunk& b) {
  return std::tie(a.segment, a.offset) < std::tie(b.segment, b.offset);
}

bool is_row_before(const RefusedRow* a, const RefusedRow* b) {
  return std::tie(a->segment, a->offset) < std::tie(b->segment, b->offset);
}

// Appends whole lines that follow the last ones in place and in memory, or begins a new chunk.
void append_chunk(std::vector<LineChunk>& chunks, const LineChunk& line) {
  if (!chunks.empty()) {
    LineChunk& last = chunks.back();
    const bool follows = last.segment == line.segment &&
                         last.offset + last.text.size() == line.offset &&
                         last.text.data() + last.text.size() == line.text.data();
    if (follows) {
      last.text = {last.text.data(), last.text.size() + line.text.size()};
      last.lines += line.lines;
      return;
    }
  }
  chunks.push_back(line);
}

// Calls visit for each single line of the chunks.
template <class Visit>
void for_each_line(const std::vector<LineChunk>& chunks, Visit&& visit) {
  for (const LineChunk& chunk : chunks) {
    for (std::size_t at = 0; at < chunk.text.size();) {
      const std::size_t end = chunk.text.find('\n', at) + 1;
      const std::string_view line = chunk.text.substr(at, end - at);
      visit(LineChunk{chunk.segment, chunk.offset + at, line, count_lines(line)});
      at = end;
    }
  }
}

void set_counts(Parcel& parcel, const DecodeCounts& counts) {
  parcel.delta.lines = counts.lines;
  parcel.delta.rows = counts.delivered;
  parcel.delta.filtered = counts.filtered;
  parcel.delta.dead_lettered = counts.dead_lettered;
  parcel.batch.oldest_request_at = counts.oldest_request_us / 1'000'000;
}

}  // namespace

BatchBuilder::BatchBuilder(const BatchContent& content) : content_(content) {
  if (!content.is_lines) decoder_.emplace(content.tables);
}

Parcel BatchBuilder::adopt(Batch batch, Delta delta) const {
  Parcel parcel;
  parcel.raw = batch.lines;
  parcel.batch = std::move(batch);
  parcel.delta = std::move(delta);
  return parcel;
}

DecodeCounts BatchBuilder::decode(Batch& batch, const LineChunk& chunk) {
  if (decoder_) {
    return decoder_->decode(chunk.segment, chunk.offset, chunk.text, batch.tables,
                            batch.dead_letters);
  }
  DecodeCounts counts;
  counts.lines = chunk.lines;
  counts.delivered = counts.lines;
  return counts;
}

// REQUIRES: ranges and lines are those of the batch.
DecodeCounts BatchBuilder::decode_all(Batch& batch) {
  DecodeCounts counts;
  if (decoder_) {
    for (const LineChunk& chunk : batch.lines) add(counts, decode(batch, chunk));
  } else {
    for (const Range& range : batch.ranges) counts.lines += range.lines;
    counts.delivered = counts.lines;
  }
  return counts;
}

void BatchBuilder::build(Parcel& parcel) {
  Batch& batch = parcel.batch;
  std::sort(parcel.raw.begin(), parcel.raw.end(), is_before);
  for (RowBlock& rows : batch.tables) rows.reuse();
  batch.dead_letters.clear();
  batch.is_written = false;
  set_ranges(parcel);
  batch.lines = parcel.raw;
  if (parcel.refused.empty()) {
    set_counts(parcel, decode_all(batch));
  } else {
    build_by_line(parcel, [](const LineChunk&, const auto&, const DecodeCounts&) {});
  }
  if (decoder_) decoder_->shape(batch.tables);
}

template <class Visit>
void BatchBuilder::build_by_line(Parcel& parcel, Visit&& visit) {
  Batch& batch = parcel.batch;
  DecodeCounts sum;
  std::vector<const RefusedRow*> refused;  // By place.
  for (const RefusedRow& row : parcel.refused) refused.push_back(&row);
  std::stable_sort(refused.begin(), refused.end(), is_row_before);
  std::vector<std::size_t> rows_before;
  batch.lines.clear();
  for_each_line(parcel.raw, [&](const LineChunk& line) {
    rows_before.assign(content_.is_lines ? 1 : content_.tables.size(), 0);
    for (std::size_t i = 0; i < batch.tables.size(); ++i) {
      rows_before[i] = batch.tables[i].row_count;
    }
    if (content_.is_lines) rows_before[0] = sum.delivered;
    DecodeCounts counts = decode(batch, line);
    const RefusedRow place{line.segment, line.offset, 0, {}};
    const auto [from, to] = std::equal_range(refused.begin(), refused.end(), &place, is_row_before);
    if (from != to) drop_refused(batch, line, {from, to}, rows_before, counts);
    if (!content_.is_lines || counts.delivered == counts.lines) append_chunk(batch.lines, line);
    visit(line, rows_before, counts);
    add(sum, counts);
  });
  set_counts(parcel, sum);
}

// The line's rows are the last ones of their tables.
void BatchBuilder::drop_refused(Batch& batch, const LineChunk& line,
                                std::span<const RefusedRow* const> rows,
                                const std::vector<std::size_t>& rows_before, DecodeCounts& counts) {
  for (const RefusedRow* const row : rows) {
    const bool is_whole = row->table == kWholeLine;
    std::string table;
    for (std::size_t i = 0; i < batch.tables.size(); ++i) {
      RowBlock& block = batch.tables[i];
      if (!is_whole && i != row->table) continue;
      if (!is_whole) table = content_.tables[i].name;
      for (auto& column : block.columns) column.resize(std::min(column.size(), rows_before[i]));
      block.row_count = rows_before[i];
    }
    batch.dead_letters.push_back({line.segment, line.offset, row->reason,
                                  std::string(line.text.substr(0, line.text.size() - 1)), table});
  }
  if (counts.delivered == 0) return;
  for (std::size_t i = 0; i < batch.tables.size(); ++i) {
    if (batch.tables[i].row_count > rows_before[i]) return;  // Another table has it.
  }
  counts.delivered = 0;
  ++counts.dead_lettered;
}

void BatchBuilder::set_ranges(Parcel& parcel) {
  auto& ranges = parcel.batch.ranges;
  ranges.clear();
  for (const LineChunk& chunk : parcel.raw) {
    const std::uint64_t end = chunk.offset + chunk.text.size();
    const bool follows = !ranges.empty() && ranges.back().segment == chunk.segment &&
                         ranges.back().to == chunk.offset;
    if (follows) {
      ranges.back().to = end;
      ranges.back().lines += chunk.lines;
    } else {
      ranges.push_back({chunk.segment, chunk.offset, end, chunk.lines});
    }
  }
}

std::vector<RefusedRow> BatchBuilder::locate(const Parcel& parcel,
                                             std::span<const RowFault> faults) {
  std::map<std::pair<std::size_t, std::size_t>, const RowFault*> wanted;  // By table and row.
  for (const RowFault& fault : faults) wanted[{fault.table, fault.row}] = &fault;
  Parcel scratch;
  scratch.raw = parcel.raw;
  scratch.refused = parcel.refused;
  std::vector<RefusedRow> found;
  build_by_line(scratch, [&](const LineChunk& line, const std::vector<std::size_t>& rows_before,
                             const DecodeCounts& counts) {
    for (std::size_t i = 0; i < rows_before.size(); ++i) {
      const std::size_t rows_after =
          content_.is_lines ? rows_before[i] + counts.delivered : scratch.batch.tables[i].row_count;
      const auto fault = wanted.lower_bound({i, rows_before[i]});
      if (fault == wanted.end() || fault->first.first != i || fault->first.second >= rows_after) {
        continue;
      }
      found.push_back(
          {line.segment, line.offset, static_cast<std::uint32_t>(i), fault->second->reason});
    }
  });
  return found;
}

std::optional<std::pair<Parcel, Parcel>> BatchBuilder::split(const Parcel& parcel) {
  std::size_t lines = 0;
  for_each_line(parcel.raw, [&lines](const LineChunk&) { ++lines; });
  if (lines < 2) return std::nullopt;
  Parcel halves[2];
  std::size_t number = 0;
  std::set<std::pair<logfmt::SegmentId, std::uint64_t>> places;  // Of the first half's lines.
  for_each_line(parcel.raw, [&](const LineChunk& line) {
    Parcel& half = halves[number++ < lines / 2 ? 0 : 1];
    if (&half == &halves[0]) places.emplace(line.segment, line.offset);
    append_chunk(half.raw,
                 {line.segment, line.offset, half.batch.text.copy(line.text), line.lines});
  });
  // What was passed over lies before the first line of its lane.
  Delta& first = halves[0].delta;
  first.lanes = parcel.gap_lanes;
  for (const auto& [lane, position] : parcel.delta.lanes) {
    const bool has_lines =
        std::any_of(parcel.raw.begin(), parcel.raw.end(),
                    [&lane](const LineChunk& chunk) { return chunk.segment.lane == lane; });
    if (!has_lines) first.lanes[lane] = position;
  }
  for (const LineChunk& chunk : halves[0].raw) {
    const Position end{chunk.segment.index, chunk.offset + chunk.text.size()};
    Position& position = first.lanes[chunk.segment.lane];
    position = std::max(position, end);
    first.bytes += chunk.text.size();
  }
  first.missing = parcel.delta.missing;
  halves[1].delta.lanes = parcel.delta.lanes;
  halves[1].delta.bytes = parcel.delta.bytes - first.bytes;
  for (const RefusedRow& row : parcel.refused) {
    halves[places.contains({row.segment, row.offset}) ? 0 : 1].refused.push_back(row);
  }
  for (Parcel& half : halves) {
    half.batch.reason = parcel.batch.reason;
    build(half);
  }
  return std::pair(std::move(halves[0]), std::move(halves[1]));
}

std::string BatchBuilder::hash(const Parcel& parcel) {
  if (!parcel.batch.lines_hash.empty()) return parcel.batch.lines_hash;
  base::Hasher128 hasher;
  for (const LineChunk& chunk : parcel.raw) hasher.update(chunk.text);
  return hasher.hex();
}

std::uint64_t content_hash(const BatchContent& content) {
  return base::hash64(content.is_lines ? "lines" : "rows " + rows_fingerprint(content.tables));
}

}  // namespace pixel::shipper
