// SPDX-License-Identifier: Apache-2.0
// See row_step.h: JSON objects without nesting, keys in snake_case.
#include <set>

#include "shipper/decode/convert.h"
#include "shipper/decode/json_text.h"
#include "shipper/transform/row_step.h"

namespace pixel::shipper {
namespace {

bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Of a flattened object. Four times the longest record that the edge takes unless it is told to.
constexpr std::size_t kBytesMax = 128 * 1024;

class Flatten : public RowStep {
 public:
  explicit Flatten(std::size_t input) : input_(input) {}

  void apply(std::span<Cell* const> cells, std::span<std::uint8_t> keep, TextArena& arena,
             StepScratch& scratch) const override {
    Cell* const column = cells[input_];
    for (std::size_t i = 0; i < keep.size(); ++i) {
      if (column[i].null || keep[i] == 0 || !column[i].text().starts_with('{')) continue;
      scratch.text = '{';
      std::set<std::string> keys;
      add_members(column[i].text(), "", arena, keys, scratch.text);
      scratch.text += '}';
      // Each key repeats those above it: what is built to grow stays as it came.
      if (scratch.text.size() > kBytesMax) continue;
      set_text(column[i], arena.copy(scratch.text));
    }
  }

 private:
  // Of members that come to have the same key the first stays: JSON readers disagree on the rest.
  static void add_members(std::string_view object, const std::string& prefix, TextArena& arena,
                          std::set<std::string>& keys, std::string& out) {
    for_each_json_member(object, [&](std::string_view raw_key, std::string_view value) {
      if (out.size() > kBytesMax) return;
      const std::string key = prefix + snake_case(json_unescape(raw_key, arena));
      if (value.starts_with('{') && !trim_json(value.substr(1)).starts_with('}')) {
        return add_members(value, key + "_", arena, keys, out);
      }
      if (!keys.insert(key).second) return;
      if (out.size() > 1) out += ',';
      out += '"';
      append_json_escaped(out, key);
      out += "\":";
      out += value;
    });
  }

  const std::size_t input_;
};

}  // namespace

// An underscore goes before an upper case letter that begins a word: after a lower case letter or
// digit, or before a lower case letter at the end of a run of capitals.
std::string snake_case(std::string_view key) {
  std::string out;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char c = key[i];
    if (is_upper(c)) {
      const bool after_word = i > 0 && is_lower_or_digit(key[i - 1]);
      const bool ends_capitals = i > 0 && is_upper(key[i - 1]) && i + 1 < key.size() &&
                                 key[i + 1] >= 'a' && key[i + 1] <= 'z';
      if (after_word || ends_capitals) out += '_';
      out += static_cast<char>(c | 0x20);
    } else if (c == ' ' || c == '-' || c == '.') {
      out += '_';
    } else {
      out += c;
    }
  }
  return out;
}

std::unique_ptr<RowStep> make_flatten(std::size_t input) {
  return std::make_unique<Flatten>(input);
}

}  // namespace pixel::shipper
