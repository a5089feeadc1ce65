// SPDX-License-Identifier: Apache-2.0
// COLD: see json_fields.h. Types are asked for before they are read, so that nothing throws.
#include "logfmt/json_fields.h"

#include <fmt/format.h>

#include "logfmt/format.h"

namespace pixel::logfmt {

JsonFields::JsonFields(std::string_view what, std::string_view json)
    : what_(what), object_(nlohmann::json::parse(json.begin(), json.end(), nullptr, false)) {
  if (object_.is_discarded()) {
    error_ = fmt::format("{}: not valid JSON", what_);
  } else if (!object_.is_object()) {
    error_ = fmt::format("{}: expected a JSON object, found {}", what_, object_.type_name());
  } else if (const auto version = unsigned_integer("format_version");
             ok() && (version == 0 || version > kFormatVersion)) {
    error_ = fmt::format("{}: format_version {}: this program reads 1 to {}", what_, version,
                         kFormatVersion);
  }
}

void JsonFields::fail(std::string_view key, std::string_view expected) {
  if (!ok()) return;
  const auto value = object_.find(key);
  const std::string_view found = value == object_.end() ? "nothing" : value->type_name();
  error_ = fmt::format("{}: {}: expected {}, found {}", what_, key, expected, found);
}

const nlohmann::json* JsonFields::find(const char* key) {
  if (!ok()) return nullptr;
  const auto value = object_.find(key);
  return value == object_.end() ? nullptr : &*value;
}

std::uint64_t JsonFields::unsigned_integer(const char* key, std::uint64_t max) {
  const nlohmann::json* value = find(key);
  if (value != nullptr && value->is_number_unsigned()) {
    const auto number = value->get<std::uint64_t>();
    if (number <= max) return number;
  }
  fail(key, max == UINT64_MAX ? std::string("an unsigned integer")
                              : fmt::format("an integer from 0 to {}", max));
  return 0;
}

std::int64_t JsonFields::integer(const char* key) {
  const nlohmann::json* value = find(key);
  if (value != nullptr && value->is_number_integer()) {
    const bool fits = !value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX;
    if (fits) return value->get<std::int64_t>();
  }
  fail(key, "an integer");
  return 0;
}

std::string JsonFields::text(const char* key) {
  const nlohmann::json* value = find(key);
  if (value != nullptr && value->is_string()) return value->get<std::string>();
  fail(key, "a string");
  return {};
}

bool JsonFields::boolean(const char* key) {
  const nlohmann::json* value = find(key);
  if (value != nullptr && value->is_boolean()) return value->get<bool>();
  fail(key, "true or false");
  return false;
}

}  // namespace pixel::logfmt
