// SPDX-License-Identifier: Apache-2.0
// JSON where it lies: is it valid, and where in it is a value? No tree is built and nothing is
// copied but strings with escapes. Numbers keep their digits, however many. Pure; any thread.
// Source: RFC 8259.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/text_arena.h"

namespace pixel::shipper {

/// Deeper nesting is refused.
inline constexpr std::size_t kJsonDepthMax = 200;

/// One step of a path: a member of an object, or an element of an array.
struct JsonStep {
  std::string key;
  std::size_t index = 0;
  bool is_index = false;
  bool operator==(const JsonStep&) const = default;
};
using JsonPath = std::vector<JsonStep>;

/// True for one JSON value and white space around it, all of it valid UTF-8 without NUL.
bool is_json(std::string_view text) noexcept;

/// Bytes of the value that `text` begins with, white space before it included; 0 where there is
/// none. The UTF-8 of its strings is not looked at.
std::size_t json_value_bytes(std::string_view text) noexcept;

/// Calls visit(key, value) for each member of an object, both raw (the key without its quotes).
/// REQUIRES: `object` is a valid JSON object.
template <class Visit>
void for_each_json_member(std::string_view object, Visit&& visit);
/// Calls visit(value) for each element of an array. REQUIRES: a valid JSON array.
template <class Visit>
void for_each_json_element(std::string_view array, Visit&& visit);

/// The raw value at the path, without white space around it; data() is null where there is none.
/// Of members with the same name the first counts. REQUIRES: `text` is valid JSON.
std::string_view find_json(std::string_view text, const JsonPath& path, TextArena& arena);

/// What a string says: `raw` lies between its quotes. In `raw` itself where nothing is escaped,
/// else in `arena`; half a surrogate pair is U+FFFD. REQUIRES: valid JSON.
std::string_view json_unescape(std::string_view raw, TextArena& arena);

/// Appends `text` as it stands between the quotes of a JSON string.
void append_json_escaped(std::string& out, std::string_view text);

std::string_view trim_json(std::string_view text) noexcept;

// Templates.

template <class Visit>
void for_each_json_member(std::string_view object, Visit&& visit) {
  std::string_view rest = trim_json(object);
  rest.remove_prefix(1);
  while (true) {
    rest = trim_json(rest);
    if (rest.empty() || rest.front() == '}') return;
    const std::size_t key_bytes = json_value_bytes(rest);
    const std::string_view key = rest.substr(1, key_bytes - 2);
    rest = trim_json(rest.substr(key_bytes));
    rest.remove_prefix(1);  // ':'
    const std::size_t value_bytes = json_value_bytes(rest);
    visit(key, trim_json(rest.substr(0, value_bytes)));
    rest = trim_json(rest.substr(value_bytes));
    if (!rest.empty() && rest.front() == ',') rest.remove_prefix(1);
  }
}

template <class Visit>
void for_each_json_element(std::string_view array, Visit&& visit) {
  std::string_view rest = trim_json(array);
  rest.remove_prefix(1);
  while (true) {
    rest = trim_json(rest);
    if (rest.empty() || rest.front() == ']') return;
    const std::size_t value_bytes = json_value_bytes(rest);
    visit(trim_json(rest.substr(0, value_bytes)));
    rest = trim_json(rest.substr(value_bytes));
    if (!rest.empty() && rest.front() == ',') rest.remove_prefix(1);
  }
}

}  // namespace pixel::shipper
