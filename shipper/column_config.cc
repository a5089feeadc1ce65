// SPDX-License-Identifier: Apache-2.0
// See column_config.h. COLD.
#include "shipper/column_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "shipper/decode/columns.h"
#include "shipper/decode/json_text.h"
#include "shipper/decode/values.h"
#include "shipper/transform/names.h"
#include "shipper/transform/row_step.h"

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 8> kTypes = {"varchar",   "integer", "double", "boolean",
                                                    "timestamp", "uuid",    "inet",   "json"};
constexpr std::array<std::string_view, 3> kOnError = {"dead_letter", "null", "default"};
constexpr std::array<std::string_view, 3> kDecodeModes = {"auto", "once", "twice"};
constexpr std::array<DecodeMode, 3> kDecodeModeValues = {DecodeMode::kAuto, DecodeMode::kOnce,
                                                         DecodeMode::kTwice};

// Reads one column; every step may report, and the last one adds.
class ColumnReader {
 public:
  ColumnReader(base::ConfigSection& section, const ColumnDefaults& defaults)
      : section_(section), defaults_(defaults) {}

  ColumnSpec read() {
    section_.read("name", spec_.name);
    spec_.decode_mode = defaults_.decode;
    read_place();
    if (spec_.name.empty()) spec_.name = own_name();
    // As always: a column without a source is the parameter of its name.
    if (spec_.source == ColumnSource::kQuery && spec_.parameter.empty()) {
      spec_.parameter = spec_.name;
    }
    read_type();
    read_decode_mode(section_, spec_.decode_mode);
    read_on_error();
    return std::move(spec_);
  }
  bool is_fine() const { return is_fine_; }

 private:
  bool is_events() const { return defaults_.source == logfmt::SegmentKind::kEvents; }
  void refuse(std::string_view key, std::string_view text) {
    section_.report_at(key, 0, text);
    is_fine_ = false;
  }

  void read_place() {
    int places = 0;
    for (const char* key : {"field", "param", "cookie"}) places += section_.has(key) ? 1 : 0;
    spec_.source = ColumnSource::kQuery;
    if (section_.has("json")) read_path();
    if (places == 0 && spec_.has_path) {
      if (!is_events()) {
        refuse("json", "a request has no record; say which param or cookie holds the JSON");
      }
      spec_.source = ColumnSource::kMember;
      spec_.member = EventMember::kRecord;
    }
    if (section_.has("param")) section_.read("param", spec_.parameter);
    if (section_.has("cookie")) read_cookie();
    if (section_.has("field")) read_field();
    if (places > 1) refuse("name", "one of field, param and cookie is where the value comes from");
  }

  void read_path() {
    std::string text;
    section_.read("json", text);
    auto path = parse_json_path(text);
    spec_.has_path = true;
    if (path) {
      spec_.path = std::move(path).value();
    } else {
      section_.report_at("json", path.error().offset, path.error().message);
      is_fine_ = false;
    }
  }

  void read_cookie() {
    section_.read("cookie", spec_.parameter);
    spec_.source = ColumnSource::kCookie;
    if (is_events()) refuse("cookie", "events have no cookies; the access line of a request has");
  }

  void read_field() {
    std::string name;
    section_.read("field", name);
    const auto fields = source_columns(defaults_.source);
    std::vector<std::string> names;
    for (const ColumnSpec& field : fields) {
      names.push_back(field.name);
      if (field.name != name) continue;
      const ColumnSpec before = spec_;
      spec_ = field;
      spec_.name = before.name;
      spec_.has_path = before.has_path;
      spec_.path = before.path;
      spec_.decode_mode = before.decode_mode;
      field_type_ = field.type;
      field_name_ = field.name;
      if (spec_.has_path && field.type != ColumnType::kJson) {
        refuse("json", fmt::format("'{}' holds no JSON", name));
      }
      return;
    }
    const std::string nearest = base::nearest_word(name, names);
    refuse("field", fmt::format("unknown field '{}'{}", name,
                                nearest.empty() ? std::string()
                                                : fmt::format("; did you mean '{}'?", nearest)));
  }

  // Without a name: the field's, the parameter's, or the path's in snake_case.
  std::string own_name() const {
    if (!field_name_.empty() && !spec_.has_path) return field_name_;
    std::string name;
    for (const JsonStep& step : spec_.path) {
      name += (name.empty() ? "" : "_") +
              (step.is_index ? std::to_string(step.index) : snake_case(step.key));
    }
    return name.empty() ? spec_.parameter : name;
  }

  void read_type() {
    std::size_t type = spec_.has_path ? 0 : static_cast<std::size_t>(field_type_);
    section_.read_choice("type", kTypes, type);
    spec_.type = static_cast<ColumnType>(type);
    if (spec_.source == ColumnSource::kRequestTime && spec_.type != ColumnType::kTimestamp) {
      refuse("type", fmt::format("'{}' is a timestamp", field_name_));
    }
  }

  void read_on_error() {
    std::size_t on_error = 0;
    section_.read_choice("on_error", kOnError, on_error);
    spec_.on_error = static_cast<OnError>(on_error);
    if (section_.has("default")) {
      base::ConfigScalar value;
      section_.read("default", value);
      if (!set_default(value)) {
        section_.fail("default", fmt::format("a value of type {}", column_type_name(spec_.type)));
        is_fine_ = false;
      }
    } else if (spec_.on_error == OnError::kDefault) {
      refuse("on_error", "there is no default to take");
    }
  }

  bool set_default(const base::ConfigScalar& value) {
    DefaultValue& into = spec_.default_value;
    into.is_set = true;
    const auto* const text = std::get_if<std::string>(&value);
    const auto* const integer = std::get_if<std::int64_t>(&value);
    const auto* const real = std::get_if<double>(&value);
    const auto* const flag = std::get_if<bool>(&value);
    if (text != nullptr) into.text = *text;
    if (integer != nullptr) into.integer = *integer;
    switch (spec_.type) {
      case ColumnType::kVarchar:
        return text != nullptr;
      case ColumnType::kInteger:
        return integer != nullptr;
      case ColumnType::kDouble:
        into.real = real != nullptr ? *real : static_cast<double>(into.integer);
        return real != nullptr || integer != nullptr;
      case ColumnType::kBoolean:
        into.integer = flag != nullptr && *flag ? 1 : 0;
        return flag != nullptr;
      case ColumnType::kTimestamp: {
        const auto us = text == nullptr ? std::nullopt : parse_timestamp(*text);
        into.integer = us.value_or(0);
        return us.has_value();
      }
      case ColumnType::kUuid: {
        std::string uuid(36, ' ');
        const bool fits = text != nullptr && write_uuid(*text, uuid.data());
        into.text = uuid;
        return fits;
      }
      case ColumnType::kInet:
        return text != nullptr && is_ip_address(*text);
      case ColumnType::kJson:
        return text != nullptr && is_json(*text);
    }
    return false;
  }

  base::ConfigSection& section_;
  const ColumnDefaults& defaults_;
  ColumnSpec spec_;
  ColumnType field_type_ = ColumnType::kVarchar;
  std::string field_name_;
  bool is_fine_ = true;
};

}  // namespace

void read_decode_mode(base::ConfigSection& section, DecodeMode& mode) {
  std::size_t choice = 0;
  while (kDecodeModeValues[choice] != mode) ++choice;
  section.read_choice("decode", kDecodeModes, choice);
  mode = kDecodeModeValues[choice];
}

void add_column(base::ConfigSection& section, std::string_view key, ColumnSpec column,
                std::set<std::string>& names, std::vector<ColumnSpec>& columns) {
  if (!is_column_name(column.name)) {
    section.fail(key, "column names of lower case letters, digits and '_'");
  } else if (!names.insert(column.name).second) {
    section.fail(key, "a name that no other column has (\"" + column.name + "\" is taken)");
  } else {
    columns.push_back(std::move(column));
  }
}

void read_column(base::ConfigSection& section, const ColumnDefaults& defaults,
                 std::set<std::string>& names, std::vector<ColumnSpec>& columns) {
  ColumnReader reader(section, defaults);
  ColumnSpec column = reader.read();
  if (reader.is_fine()) add_column(section, "name", std::move(column), names, columns);
  section.finish();
}

}  // namespace pixel::shipper
