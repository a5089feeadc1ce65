// SPDX-License-Identifier: Apache-2.0
// See decoder.h. What kind of column it is, is decided once per call, not once per value.
#include "shipper/decode/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "shipper/decode/convert.h"
#include "shipper/decode/text_decode.h"
#include "shipper/decode/values.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kShownBytes = 64;  // Of a bad value, in a reason.
constexpr std::size_t kDateTimeBytes = 19;

// Two bytes' worth of a comparison: memcmp costs more than the rest of a short field.
bool is_absent(std::string_view value) noexcept { return value.size() == 1 && value[0] == '-'; }

bool is_passed(ColumnSource source) noexcept {
  return source == ColumnSource::kQuery || source == ColumnSource::kCookie;
}

std::string_view date_and_time(const ChunkLines& chunk, std::size_t line) noexcept {
  const std::string_view date = chunk.field(line, logfmt::Field::kDate);
  const std::string_view time = chunk.field(line, logfmt::Field::kTime);
  return {date.data(), date.size() + 1 + time.size()};
}

// Fills the whole column with one value.
void fill(Cell* cells, std::size_t count, const Cell& value) { std::fill_n(cells, count, value); }

}  // namespace

Decoder::Decoder(std::vector<ColumnSpec> columns)
    : columns_(std::move(columns)), defaults_(columns_.size()) {
  CHECK(columns_.size() < kFine);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const ColumnSpec& spec = columns_[i];
    if (!is_passed(spec.source)) continue;
    auto pass = std::find_if(passes_.begin(), passes_.end(), [&spec](const ValuePass& each) {
      return each.source() == spec.source && each.mode() == spec.decode_mode;
    });
    if (pass == passes_.end()) {
      passes_.emplace_back(spec.source, spec.decode_mode).add(i, spec.parameter);
    } else {
      pass->add(i, spec.parameter);
    }
  }
}

void Decoder::decode(const ChunkLines& chunk, std::span<const std::uint32_t> selection,
                     std::span<Cell* const> cells, TextArena& arena) {
  failed_.assign(selection.size(), kFine);
  has_failures_ = false;
  for (std::size_t i = 0; i < columns_.size(); ++i) defaults_[i] = default_cell(columns_[i], arena);
  const Call call{chunk, selection, cells, arena};
  for (std::size_t i = 0; i < columns_.size(); ++i) decode_column(call, i);
  for (ValuePass& pass : passes_) decode_pass(call, pass);
}

void Decoder::decode_column(const Call& call, std::size_t column) {
  Cell* const cells = call.cells[column];
  switch (columns_[column].source) {
    case ColumnSource::kField:
      return columns_[column].type == ColumnType::kVarchar ? decode_text_field(call, column)
                                                           : decode_field(call, column);
    case ColumnSource::kRequestTime:
      return decode_time(call, column);
    case ColumnSource::kSegment: {
      Cell segment;
      set_text(segment, call.arena.copy(to_text(call.chunk.segment())));
      return fill(cells, call.selection.size(), segment);
    }
    case ColumnSource::kOffset:
      for (std::size_t i = 0; i < call.selection.size(); ++i) {
        set_integer(cells[i], static_cast<std::int64_t>(call.chunk.offset(call.selection[i])));
      }
      return;
    case ColumnSource::kRequestId:
      return decode_request_id(call, column);
    case ColumnSource::kMember:
      return decode_member(call, column);
    case ColumnSource::kQuery:
    case ColumnSource::kCookie:
      return;  // By their passes.
  }
}

void Decoder::decode_text_field(const Call& call, std::size_t column) {
  const ColumnSpec& spec = columns_[column];
  const bool is_plain = call.chunk.is_plain();
  Cell* cell = call.cells[column];
  for (const std::uint32_t line : call.selection) {
    std::string_view value = call.chunk.field(line, spec.field);
    if (is_absent(value)) {
      *cell++ = defaults_[column];
      continue;
    }
    if (spec.percent_decode) {
      value = log_text(value, spec.decode_mode, is_plain, call.arena);
    } else if (!is_plain) {
      value = make_valid_text(value, call.arena);
    }
    set_text(*cell++, value);
  }
}

void Decoder::decode_field(const Call& call, std::size_t column) {
  const ColumnSpec& spec = columns_[column];
  if (spec.type == ColumnType::kInteger && !spec.percent_decode) {
    return decode_integer_field(call, column);
  }
  Cell* cell = call.cells[column];
  for (std::size_t i = 0; i < call.selection.size(); ++i, ++cell) {
    std::string_view value = call.chunk.field(call.selection[i], spec.field);
    if (is_absent(value)) {
      *cell = defaults_[column];
      continue;
    }
    if (spec.percent_decode) value = log_decode(value, spec.decode_mode, call.arena);
    if (!convert_text(spec.type, value, call.arena, *cell)) put_failed(column, i, *cell);
  }
}

void Decoder::decode_integer_field(const Call& call, std::size_t column) {
  const logfmt::Field field = columns_[column].field;
  Cell* cell = call.cells[column];
  for (std::size_t i = 0; i < call.selection.size(); ++i, ++cell) {
    const std::string_view value = call.chunk.field(call.selection[i], field);
    if (is_absent(value)) {
      *cell = defaults_[column];
    } else if (const auto number = parse_integer(value)) {
      set_integer(*cell, *number);
    } else {
      put_failed(column, i, *cell);
    }
  }
}

// Lines of the same second share its text.
void Decoder::decode_time(const Call& call, std::size_t column) {
  Cell* cell = call.cells[column];
  if (call.chunk.kind() == logfmt::SegmentKind::kEvents) {
    for (const std::uint32_t line : call.selection) {
      set_integer(*cell++, call.chunk.event(line).head.unix_seconds * 1'000'000);
    }
    return;
  }
  std::string_view last;
  std::int64_t last_us = 0;
  for (std::size_t i = 0; i < call.selection.size(); ++i, ++cell) {
    const std::string_view both = date_and_time(call.chunk, call.selection[i]);
    if (both != last || both.size() != kDateTimeBytes) {
      const bool fits = both.size() == kDateTimeBytes && both[10] == '\t';
      const auto us = fits ? parse_date_time(both.substr(0, 10), both.substr(11)) : std::nullopt;
      if (!us) {
        put_failed(column, i, *cell);
        continue;
      }
      last = both;
      last_us = *us;
    }
    set_integer(*cell, last_us);
  }
}

void Decoder::decode_request_id(const Call& call, std::size_t column) {
  Cell* cell = call.cells[column];
  const bool is_access = call.chunk.kind() == logfmt::SegmentKind::kAccess;
  for (const std::uint32_t line : call.selection) {
    const std::string_view id = is_access ? call.chunk.field(line, logfmt::Field::kRequestId)
                                          : call.chunk.event(line).head.request_id;
    if (is_absent(id)) {
      *cell++ = Cell{};
    } else {
      set_text(*cell++, make_valid_text(id, call.arena));
    }
  }
}

void Decoder::decode_member(const Call& call, std::size_t column) {
  const ColumnSpec& spec = columns_[column];
  Cell* cell = call.cells[column];
  for (std::size_t i = 0; i < call.selection.size(); ++i, ++cell) {
    std::string_view value = call.chunk.event(call.selection[i]).member(spec.member);
    if (spec.has_path && value.data() != nullptr) value = find_json(value, spec.path, call.arena);
    if (value.data() == nullptr) {
      *cell = defaults_[column];
      continue;
    }
    if (!convert_json(spec.type, value, call.arena, *cell)) {
      put_failed(column, i, *cell);
    } else if (cell->null) {
      *cell = defaults_[column];
    }
  }
}

void Decoder::decode_pass(const Call& call, ValuePass& pass) {
  for (std::size_t i = 0; i < call.selection.size(); ++i) {
    pass.read(call.chunk, call.selection[i], call.arena);
    for (const ValuePass::Slot& slot : pass.slots()) {
      if (slot.raw.data() != nullptr) {
        decode_slot(call, pass, slot, i);
        continue;
      }
      for (const std::size_t column : slot.columns) call.cells[column][i] = defaults_[column];
    }
  }
}

// An empty text is a value of a text column and the absence of any other.
void Decoder::decode_slot(const Call& call, const ValuePass& pass, const ValuePass::Slot& slot,
                          std::size_t place) {
  const std::string_view text = pass.decoded(slot, call.arena);
  std::optional<bool> holds_json;
  for (const std::size_t column : slot.columns) {
    const ColumnSpec& spec = columns_[column];
    Cell& cell = call.cells[column][place];
    if (text.empty() && (spec.type != ColumnType::kVarchar || spec.has_path)) {
      cell = defaults_[column];
    } else if (!spec.has_path) {
      if (!convert_text(spec.type, text, call.arena, cell)) put_failed(column, place, cell);
    } else {
      if (!holds_json) holds_json = is_json(text);
      const std::string_view value =
          *holds_json ? find_json(text, spec.path, call.arena) : std::string_view();
      if (!*holds_json ||
          (value.data() != nullptr && !convert_json(spec.type, value, call.arena, cell))) {
        put_failed(column, place, cell);
      } else if (value.data() == nullptr || cell.null) {
        cell = defaults_[column];
      }
    }
  }
}

// The first column of a line counts, in the order of the table.
void Decoder::put_failed(std::size_t column, std::size_t place, Cell& cell) {
  const OnError on_error = columns_[column].on_error;
  cell = on_error == OnError::kDefault ? defaults_[column] : Cell{};
  if (on_error != OnError::kDeadLetter) return;
  has_failures_ = true;
  failed_[place] = std::min(failed_[place], static_cast<std::uint16_t>(column));
}

std::string_view Decoder::shown_value(const ChunkLines& chunk, std::size_t line,
                                      std::size_t column) {
  const ColumnSpec& spec = columns_[column];
  shown_.clear();
  switch (spec.source) {
    case ColumnSource::kField:
      return log_decode(chunk.field(line, spec.field), spec.decode_mode, shown_);
    case ColumnSource::kRequestTime:
      return date_and_time(chunk, line);
    case ColumnSource::kMember:
      return find_json(chunk.event(line).member(spec.member), spec.path, shown_);
    default:
      break;
  }
  for (ValuePass& pass : passes_) {
    if (pass.source() != spec.source || pass.mode() != spec.decode_mode) continue;
    pass.read(chunk, line, shown_);
    for (const ValuePass::Slot& slot : pass.slots()) {
      if (slot.name == spec.parameter) return pass.decoded(slot, shown_);
    }
  }
  return {};
}

std::string Decoder::failure_reason(const ChunkLines& chunk, std::size_t line, std::size_t column) {
  const ColumnSpec& spec = columns_[column];
  const std::string_view value = shown_value(chunk, line, column);
  const bool lacks_json = spec.has_path && is_passed(spec.source) && !is_json(value);
  return fmt::format("column {}: not {}: '{}'", spec.name,
                     lacks_json ? "JSON" : expected_value(spec.type), value.substr(0, kShownBytes));
}

}  // namespace pixel::shipper
