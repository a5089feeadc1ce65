// SPDX-License-Identifier: Apache-2.0
// See decoder.h.
#include "shipper/decode/decoder.h"

#include <fmt/format.h>

#include <algorithm>

#include "logfmt/query.h"
#include "shipper/decode/text_decode.h"
#include "shipper/decode/values.h"

namespace pixel::shipper {
namespace {

constexpr std::string_view kAbsent = "-";
constexpr std::size_t kShownBytes = 64;  // Of a bad value, in a reason.
constexpr std::size_t kDateTimeBytes = 19;

bool is_plain(std::string_view text) noexcept {
  unsigned seen = 0;
  for (const char c : text) seen |= static_cast<unsigned char>(c);
  return (seen & 0x80U) == 0;
}

void set_text(Cell& cell, std::string_view text) noexcept {
  cell.null = false;
  cell.data = text.data();
  cell.size = static_cast<std::uint32_t>(text.size());
}

void set_integer(Cell& cell, std::int64_t value) noexcept {
  cell.null = false;
  cell.integer = value;
}

}  // namespace

Decoder::Decoder(std::vector<ColumnSpec> columns)
    : columns_(std::move(columns)), parameters_(columns_.size()) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].source == ColumnSource::kQuery) parameter_columns_.push_back(i);
  }
}

DecodeCounts Decoder::decode(const logfmt::SegmentId& segment, std::uint64_t offset,
                             std::string_view text, RowBlock& rows,
                             std::vector<DeadLetter>& dead_letters) {
  table_.decode(text);
  text_is_plain_ = is_plain(text);
  last_date_time_ = {};
  const std::size_t first_row = rows.row_count;
  const auto lines = table_.lines();
  rows.columns.resize(columns_.size());
  for (auto& cells : rows.columns) cells.resize(first_row + lines.size());

  DecodeCounts counts;
  const std::string_view segment_text = rows.text.copy(to_text(segment));
  for (const logfmt::LineRef& line : lines) {
    Failure failure;
    const LineContext context{&line, segment_text, offset + line.begin};
    if (decode_line(context, rows.row_count, rows, failure)) {
      ++rows.row_count;
      if (counts.oldest_request_us == 0 || line_request_us_ < counts.oldest_request_us) {
        counts.oldest_request_us = line_request_us_;
      }
    } else {
      dead_letters.push_back({segment, context.offset,
                              fmt::format("column {}: not {}: '{}'", failure.column->name,
                                          failure.what, failure.value.substr(0, kShownBytes)),
                              std::string(text.substr(line.begin, line.end - line.begin))});
    }
  }
  for (auto& cells : rows.columns) cells.resize(rows.row_count);
  add_bad_lines(segment, offset, dead_letters);
  counts.lines = lines.size() + table_.bad_lines().size();
  counts.delivered = rows.row_count - first_row;
  counts.dead_lettered = counts.lines - counts.delivered;
  return counts;
}

void Decoder::add_bad_lines(const logfmt::SegmentId& segment, std::uint64_t offset,
                            std::vector<DeadLetter>& dead_letters) const {
  for (const logfmt::BadLineRef& bad : table_.bad_lines()) {
    dead_letters.push_back({segment, offset + bad.begin,
                            std::string(logfmt::bad_line_name(bad.reason)),
                            std::string(table_.text().substr(bad.begin, bad.end - bad.begin))});
  }
}

bool Decoder::decode_line(const LineContext& context, std::size_t row, RowBlock& rows,
                          Failure& failure) {
  line_request_us_ = 0;
  if (!parameter_columns_.empty()) find_parameters(*context.line, rows.text);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Cell& cell = rows.columns[i][row];
    if (decode_cell(i, context, rows.text, cell, failure)) continue;
    if (!columns_[i].null_on_error) {
      failure.column = &columns_[i];
      return false;
    }
    cell = Cell{};
  }
  return true;
}

bool Decoder::decode_cell(std::size_t column, const LineContext& context, TextArena& arena,
                          Cell& cell, Failure& failure) {
  const ColumnSpec& spec = columns_[column];
  cell = Cell{};
  switch (spec.source) {
    case ColumnSource::kRequestTime:
      return request_time(*context.line, cell, failure);
    case ColumnSource::kSegment:
      set_text(cell, context.segment);
      return true;
    case ColumnSource::kOffset:
      set_integer(cell, static_cast<std::int64_t>(context.offset));
      return true;
    case ColumnSource::kQuery: {
      const std::string_view raw = parameters_[column];
      if (raw.data() == nullptr) return true;
      const std::string_view value = form_decode(raw, arena);
      return convert(spec, make_valid_text(value, arena), cell, failure);
    }
    case ColumnSource::kField: {
      std::string_view value = table_.field(*context.line, spec.field);
      if (value == kAbsent) return true;
      const char* const raw = value.data();
      if (spec.percent_decode) value = percent_decode(value, arena);
      if (!text_is_plain_ || value.data() != raw) value = make_valid_text(value, arena);
      return convert(spec, value, cell, failure);
    }
  }
  return true;
}

// An empty text is a value of a text column and the absence of any other.
bool Decoder::convert(const ColumnSpec& spec, std::string_view value, Cell& cell,
                      Failure& failure) const {
  if (spec.type == ColumnType::kVarchar) {
    set_text(cell, value);
    return true;
  }
  if (value.empty() && spec.source == ColumnSource::kQuery) return true;
  failure.value = value;
  if (spec.type == ColumnType::kInteger) {
    failure.what = "an integer";
    const auto number = parse_integer(value);
    if (number) set_integer(cell, *number);
  } else if (spec.type == ColumnType::kDouble) {
    failure.what = "a number";
    const auto number = parse_double(value);
    cell.null = !number;
    if (number) cell.real = *number;
  } else if (spec.type == ColumnType::kBoolean) {
    failure.what = "true or false";
    const auto flag = parse_boolean(value);
    if (flag) set_integer(cell, *flag ? 1 : 0);
  } else {
    failure.what = "a timestamp";
    const auto us = parse_timestamp(value);
    if (us) set_integer(cell, *us);
  }
  return !cell.null;
}

bool Decoder::request_time(const logfmt::LineRef& line, Cell& cell, Failure& failure) {
  const std::string_view date = table_.field(line, logfmt::Field::kDate);
  const std::string_view time = table_.field(line, logfmt::Field::kTime);
  const std::string_view both(date.data(), date.size() + 1 + time.size());
  if (both.size() != kDateTimeBytes || both != last_date_time_) {
    const auto us = parse_date_time(date, time);
    if (!us) {
      failure.what = "a timestamp";
      failure.value = both;
      return false;
    }
    last_date_time_ = both;
    last_request_us_ = *us;
  }
  line_request_us_ = last_request_us_;
  set_integer(cell, last_request_us_);
  return true;
}

// The log's encoding is undone first: what results is the query as the client sent it. The first
// parameter of a name counts.
void Decoder::find_parameters(const logfmt::LineRef& line, TextArena& arena) {
  std::fill(parameters_.begin(), parameters_.end(), std::string_view());
  const std::string_view field = table_.field(line, logfmt::Field::kUriQuery);
  if (field == kAbsent) return;
  const std::string_view query = percent_decode(field, arena);
  std::size_t wanted = parameter_columns_.size();
  logfmt::for_each_query_parameter(query, [&](std::string_view name, std::string_view value) {
    if (wanted == 0) return;
    for (const std::size_t column : parameter_columns_) {
      if (parameters_[column].data() != nullptr) continue;
      if (!name_matches(name, columns_[column].parameter, arena)) continue;
      parameters_[column] = value.data() == nullptr ? std::string_view("") : value;
      --wanted;
    }
  });
}

bool Decoder::name_matches(std::string_view raw_name, std::string_view name,
                           TextArena& arena) const {
  if (raw_name == name) return true;
  if (raw_name.size() < name.size()) return false;
  return raw_name.find_first_of("%+") != std::string_view::npos &&
         form_decode(raw_name, arena) == name;
}

}  // namespace pixel::shipper
