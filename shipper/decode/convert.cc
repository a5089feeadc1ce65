// SPDX-License-Identifier: Apache-2.0
// See convert.h.
#include "shipper/decode/convert.h"

#include "shipper/decode/json_text.h"
#include "shipper/decode/text_decode.h"
#include "shipper/decode/values.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kUuidBytes = 36;

template <class Value>
bool set_number(const Value& value, Cell& cell) {
  cell.null = !value;
  if (value) cell.integer = static_cast<std::int64_t>(*value);
  return value.has_value();
}

bool set_uuid(std::string_view text, TextArena& arena, Cell& cell) {
  char* const out = arena.reserve(kUuidBytes);
  if (!write_uuid(text, out)) return false;
  arena.commit(kUuidBytes);
  set_text(cell, {out, kUuidBytes});
  return true;
}

bool set_if(bool fits, std::string_view text, Cell& cell) {
  if (fits) set_text(cell, text);
  return fits;
}

}  // namespace

bool convert_text(ColumnType type, std::string_view text, TextArena& arena, Cell& cell) {
  cell = Cell{};
  switch (type) {
    case ColumnType::kVarchar:
      set_text(cell, text);
      return true;
    case ColumnType::kInteger:
      return set_number(parse_integer(text), cell);
    case ColumnType::kDouble: {
      const auto number = parse_double(text);
      cell.null = !number;
      if (number) cell.real = *number;
      return number.has_value();
    }
    case ColumnType::kBoolean:
      return set_number(parse_boolean(text), cell);
    case ColumnType::kTimestamp:
      return set_number(parse_timestamp(text), cell);
    case ColumnType::kUuid:
      return set_uuid(text, arena, cell);
    case ColumnType::kInet:
      return set_if(is_ip_address(text), text, cell);
    case ColumnType::kJson:
      return set_if(is_json(text), trim_json(text), cell);
  }
  return false;
}

bool convert_json(ColumnType type, std::string_view value, TextArena& arena, Cell& cell) {
  cell = Cell{};
  if (value == "null") return true;
  if (type == ColumnType::kJson) {
    set_text(cell, value);
    return true;
  }
  if (value.front() == '"') {
    const std::string_view raw = value.substr(1, value.size() - 2);
    const std::string_view text = json_unescape(raw, arena);
    // Only an escape can have made a NUL.
    return convert_text(type, text.data() == raw.data() ? text : make_valid_text(text, arena),
                        arena, cell);
  }
  if ((value.front() == '{' || value.front() == '[') && type != ColumnType::kVarchar) return false;
  return convert_text(type, value, arena, cell);
}

std::string_view expected_value(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::kVarchar:
      return "text";
    case ColumnType::kInteger:
      return "an integer";
    case ColumnType::kDouble:
      return "a number";
    case ColumnType::kBoolean:
      return "true or false";
    case ColumnType::kTimestamp:
      return "a timestamp";
    case ColumnType::kUuid:
      return "a UUID";
    case ColumnType::kInet:
      return "an IP address";
    case ColumnType::kJson:
      return "JSON";
  }
  return "a value";
}

Cell default_cell(const ColumnSpec& column, TextArena& arena) {
  Cell cell;
  const DefaultValue& value = column.default_value;
  if (!value.is_set) return cell;
  if (is_text(column.type)) {
    // An empty text has an address too: it is not NULL.
    set_text(cell, value.text.empty() ? std::string_view("") : arena.copy(value.text));
  } else if (column.type == ColumnType::kDouble) {
    cell.null = false;
    cell.real = value.real;
  } else {
    set_integer(cell, value.integer);
  }
  return cell;
}

}  // namespace pixel::shipper
