// SPDX-License-Identifier: Apache-2.0
// See table_decoder.h.
#include "shipper/decode/table_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/assert.h"

namespace pixel::shipper {
namespace {

// Every column reads the lines anew: they stay in the processor's second cache between two of them.
constexpr std::size_t kPieceBytes = 64 * 1024;

}  // namespace

std::string_view TableDecoder::front_piece(std::string_view text) noexcept {
  const std::size_t newline = text.find('\n', std::min(kPieceBytes, text.size()) - 1);
  return newline == std::string_view::npos ? text : text.substr(0, newline + 1);
}

void add(DecodeCounts& sum, const DecodeCounts& counts) noexcept {
  sum.lines += counts.lines;
  sum.delivered += counts.delivered;
  sum.filtered += counts.filtered;
  sum.dead_lettered += counts.dead_lettered;
  const std::int64_t oldest = counts.oldest_request_us;
  if (oldest != 0 && (sum.oldest_request_us == 0 || oldest < sum.oldest_request_us)) {
    sum.oldest_request_us = oldest;
  }
}

TableDecoder::TableDecoder(const std::vector<TableSpec>& tables) {
  CHECK(!tables.empty());
  for (const TableSpec& table : tables) {
    const std::size_t time = table.find(ColumnSource::kRequestTime);
    const bool has_time =
        time < table.columns.size() && table.columns[time].type == ColumnType::kTimestamp;
    tables_.push_back({table.name,
                       table.source,
                       table.columns.size(),
                       has_time ? time : table.columns.size(),
                       table.rules ? table.rules->start() : nullptr,
                       Decoder(table.rules ? table.rules->inputs() : table.columns),
                       {}});
  }
}

DecodeCounts TableDecoder::decode(const logfmt::SegmentId& segment, std::uint64_t offset,
                                  std::string_view text, std::vector<RowBlock>& tables,
                                  std::vector<DeadLetter>& dead_letters) {
  shape(tables);
  DecodeCounts counts;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view piece = front_piece(text.substr(at));
    add(counts, decode_piece(segment, offset + at, piece, tables, dead_letters));
    at += piece.size();
  }
  return counts;
}

DecodeCounts TableDecoder::decode_piece(const logfmt::SegmentId& segment, std::uint64_t offset,
                                        std::string_view text, std::vector<RowBlock>& tables,
                                        std::vector<DeadLetter>& dead_letters) {
  chunk_.decode(segment, offset, text);
  fates_.assign(chunk_.count(), Fate::kFiltered);
  failures_.clear();
  oldest_us_ = 0;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (tables_[i].source == logfmt::line_kind(segment.lane.kind))
      decode_table(tables_[i], tables[i]);
  }
  return settle(tables, dead_letters);
}

void TableDecoder::shape(std::vector<RowBlock>& tables) const {
  tables.resize(tables_.size());
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    tables[i].columns.resize(tables_[i].column_count);
  }
}

void TableDecoder::decode_table(Table& table, RowBlock& rows) {
  selection_.resize(chunk_.count());
  std::iota(selection_.begin(), selection_.end(), 0U);
  if (table.stage != nullptr) {
    table_failures_.clear();
    table.stage->select(chunk_, selection_, table_failures_);
    for (LineFailure& failure : table_failures_) {
      fail_line(table, failure.line, std::move(failure.reason));
    }
  }
  const std::size_t first = rows.row_count;
  const std::size_t input_count = table.decoder.columns().size();
  table.scratch.resize(input_count - table.column_count);
  cells_.resize(input_count);
  for (std::size_t i = 0; i < input_count; ++i) {
    const bool is_kept = i < table.column_count;
    auto& column = is_kept ? rows.columns[i] : table.scratch[i - table.column_count];
    const std::size_t begin = is_kept ? first : 0;
    column.resize(begin + selection_.size());
    cells_[i] = column.data() + begin;
  }
  table.decoder.decode(chunk_, selection_, cells_, rows.text);
  drop_failed(table);
  if (table.stage != nullptr && !selection_.empty()) {
    keep_.assign(selection_.size(), 1);
    table.stage->change(cells_, keep_, rows.text);
    compact();
  }
  for (const std::uint32_t line : selection_) fates_[line] = Fate::kDelivered;
  rows.row_count = first + selection_.size();
  for (auto& column : rows.columns) column.resize(rows.row_count);
  if (table.time_column == table.column_count) return;
  const Cell* const times = cells_[table.time_column];
  for (std::size_t i = 0; i < selection_.size(); ++i) {
    if (times[i].null) continue;
    if (oldest_us_ == 0 || times[i].integer < oldest_us_) oldest_us_ = times[i].integer;
  }
}

void TableDecoder::drop_failed(Table& table) {
  if (!table.decoder.has_failures()) return;
  keep_.assign(selection_.size(), 1);
  for (std::size_t i = 0; i < selection_.size(); ++i) {
    if (!table.decoder.has_failed(i)) continue;
    keep_[i] = 0;
    const std::size_t column = table.decoder.failed_column(i);
    fail_line(table, selection_[i], table.decoder.failure_reason(chunk_, selection_[i], column));
  }
  compact();
}

// Moves the rows to keep together, in order, and the numbers of their lines with them.
void TableDecoder::compact() {
  const auto first = std::find(keep_.begin(), keep_.end(), std::uint8_t{0});
  if (first == keep_.end()) return;
  auto kept = static_cast<std::size_t>(first - keep_.begin());
  const std::size_t begin = kept;
  const auto squeeze = [&](auto* values) {
    std::size_t to = begin;
    for (std::size_t i = begin; i < keep_.size(); ++i) {
      if (keep_[i] != 0) values[to++] = values[i];
    }
    kept = to;
  };
  for (Cell* const cells : cells_) squeeze(cells);
  squeeze(selection_.data());
  selection_.resize(kept);
}

void TableDecoder::fail_line(const Table& table, std::uint32_t line, std::string reason) {
  if (fates_[line] == Fate::kFiltered) fates_[line] = Fate::kFailed;
  if (tables_.size() > 1) reason = fmt::format("table {}: {}", table.name, reason);
  failures_.push_back({line, std::move(reason)});
}

DecodeCounts TableDecoder::settle(const std::vector<RowBlock>& tables,
                                  std::vector<DeadLetter>& dead_letters) {
  CHECK(tables.size() == tables_.size());
  // Of a line that failed in two tables the first reason counts.
  std::stable_sort(failures_.begin(), failures_.end(),
                   [](const LineFailure& a, const LineFailure& b) { return a.line < b.line; });
  for (std::size_t i = 0; i < failures_.size(); ++i) {
    const std::uint32_t line = failures_[i].line;
    if (i > 0 && failures_[i - 1].line == line) continue;
    dead_letters.push_back({chunk_.segment(), chunk_.offset(line), failures_[i].reason,
                            std::string(chunk_.line(line))});
  }
  for (const ChunkLines::BadLine& bad : chunk_.bad_lines()) {
    dead_letters.push_back({chunk_.segment(), chunk_.text_offset() + bad.begin,
                            std::string(bad.reason),
                            std::string(chunk_.text().substr(bad.begin, bad.end - bad.begin))});
  }
  DecodeCounts counts;
  counts.lines = chunk_.count() + chunk_.bad_lines().size();
  counts.dead_lettered = chunk_.bad_lines().size();
  for (const Fate fate : fates_) {
    counts.delivered += fate == Fate::kDelivered ? 1 : 0;
    counts.filtered += fate == Fate::kFiltered ? 1 : 0;
    counts.dead_lettered += fate == Fate::kFailed ? 1 : 0;
  }
  counts.oldest_request_us = oldest_us_;
  return counts;
}

}  // namespace pixel::shipper
