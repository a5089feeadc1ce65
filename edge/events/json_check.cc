// SPDX-License-Identifier: Apache-2.0
// See json_check.h. simdjson refuses two things that senders write: integers beyond 64 bits, and
// halves of surrogate pairs. For those a copy with harmless ones in their place is asked again.
// COLD to construct, HOT by thread to check.
#include "edge/events/json_check.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/assert.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kDepthMax = 256;
constexpr std::size_t kIntegerDigitsMax = 300;
constexpr std::size_t kUnicodeEscapeBytes = 6;  // \uXXXX

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_number_byte(char c) noexcept {
  return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// An integer (RFC 8259, section 6) that fits a double, as other parsers read it.
bool is_integer(std::string_view text) noexcept {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || text.size() > kIntegerDigitsMax) return false;
  if (text[0] == '0' && text.size() > 1) return false;
  return std::all_of(text.begin(), text.end(), is_digit);
}

// Every integer becomes 1 and spaces: what was JSON stays JSON, and nothing else becomes it. Those
// in strings too: they mean nothing there, but for the digits of an escape, which are left alone.
void tame_integers(char* text, std::size_t bytes) noexcept {
  for (std::size_t at = 0; at < bytes;) {
    if (text[at] == '\\') {
      at += at + 1 < bytes && text[at + 1] == 'u' ? kUnicodeEscapeBytes : 2;
      continue;
    }
    if (!is_digit(text[at]) && text[at] != '-') {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < bytes && is_number_byte(text[end])) ++end;
    if (is_integer({text + at, end - at})) {
      std::memset(text + at, ' ', end - at);
      text[at] = '1';
    }
    at = end;
  }
}

// The code unit of the escape at `at`; 0 where there is none.
std::uint32_t unit_at(std::string_view text, std::size_t at) noexcept {
  if (at + kUnicodeEscapeBytes > text.size() || text[at] != '\\' || text[at + 1] != 'u') return 0;
  std::uint32_t unit = 0;
  for (std::size_t i = at + 2; i < at + kUnicodeEscapeBytes; ++i) {
    const char c = text[i];
    const char lower = static_cast<char>(c | 0x20);
    if (!is_digit(c) && (lower < 'a' || lower > 'f')) return 0;
    unit = unit * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  return unit;
}

bool is_high(std::uint32_t unit) noexcept { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(std::uint32_t unit) noexcept { return unit >= 0xDC00 && unit < 0xE000; }

void mend_surrogates(char* text, std::size_t bytes) noexcept {
  const std::string_view view(text, bytes);
  for (std::size_t at = view.find('\\'); at < bytes; at = view.find('\\', at)) {
    const std::uint32_t unit = unit_at(view, at);
    if (unit == 0) {
      at += 2;
    } else if (is_high(unit) && is_low(unit_at(view, at + kUnicodeEscapeBytes))) {
      at += 2 * kUnicodeEscapeBytes;
    } else {
      if (is_high(unit) || is_low(unit)) std::memcpy(text + at, "\\ufffd", kUnicodeEscapeBytes);
      at += kUnicodeEscapeBytes;
    }
  }
}

}  // namespace

struct JsonCheck::Parser {
  simdjson::dom::parser parser;
  simdjson::dom::document document;

  simdjson::error_code parse(const char* text, std::size_t bytes, JsonRoot& root) noexcept {
    simdjson::dom::element element;
    const auto error = parser.parse_into_document(document, text, bytes, false).get(element);
    if (error != simdjson::SUCCESS) return error;
    root = element.is_object()  ? JsonRoot::kObject
           : element.is_array() ? JsonRoot::kArray
                                : JsonRoot::kScalar;
    return error;
  }
};

JsonCheck::JsonCheck(std::size_t text_bytes_max) : parser_(std::make_unique<Parser>()) {
  const std::size_t capacity = std::max(text_bytes_max, simdjson::dom::MINIMAL_DOCUMENT_CAPACITY);
  CHECK(parser_->parser.allocate(capacity, kDepthMax) == simdjson::SUCCESS);
  CHECK(parser_->document.allocate(capacity) == simdjson::SUCCESS);
  // The first text makes the library choose its variant for this processor.
  JsonRoot root = JsonRoot::kInvalid;
  const char first[2 + kJsonPaddingBytes] = "{}";
  CHECK(parser_->parse(first, 2, root) == simdjson::SUCCESS && root == JsonRoot::kObject);
}

JsonCheck::~JsonCheck() = default;

JsonRoot JsonCheck::check(char* text, std::size_t bytes, char* scratch) noexcept {
  static_assert(kJsonPaddingBytes >= simdjson::SIMDJSON_PADDING);
  JsonRoot root = JsonRoot::kInvalid;
  const auto error = parser_->parse(text, bytes, root);
  if (error == simdjson::SUCCESS) return root;
  if (error == simdjson::EMPTY) return JsonRoot::kEmpty;
  if (error != simdjson::NUMBER_ERROR && error != simdjson::STRING_ERROR) return JsonRoot::kInvalid;
  std::memcpy(scratch, text, bytes);
  mend_surrogates(scratch, bytes);
  tame_integers(scratch, bytes);
  if (parser_->parse(scratch, bytes, root) != simdjson::SUCCESS) return JsonRoot::kInvalid;
  mend_surrogates(text, bytes);
  return root;
}

}  // namespace pixel::edge
