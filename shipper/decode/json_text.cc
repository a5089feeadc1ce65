// SPDX-License-Identifier: Apache-2.0
// See json_text.h. One scanner serves all: it steps over a value and says how long it is.
#include "shipper/decode/json_text.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "shipper/decode/text_decode.h"

namespace pixel::shipper {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The number of four hexadecimal digits; negative where they are not there.
std::int32_t hex4(std::string_view text) noexcept {
  if (text.size() < 4) return -1;
  std::int32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const int digit = hex_value(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t position() const noexcept { return at_; }

  void skip_spaces() noexcept {
    while (at_ < text_.size() && kSpaces.find(text_[at_]) != std::string_view::npos) ++at_;
  }

  // Containers are a stack of bits' worth of state, not of calls: a hostile text costs no stack.
  bool skip_value() noexcept {
    std::size_t depth = 0;
    while (true) {
      skip_spaces();
      if (at_ >= text_.size()) return false;
      const char c = text_[at_];
      if (c == '{' || c == '[') {
        if (depth == kJsonDepthMax) return false;
        ++at_;
        is_object_[depth++] = c == '{';
        skip_spaces();
        const char close = c == '{' ? '}' : ']';
        if (at_ < text_.size() && text_[at_] == close) {
          ++at_;
          --depth;
        } else {
          if (c == '{' && !skip_key()) return false;
          continue;
        }
      } else if (!skip_scalar(c)) {
        return false;
      }
      if (!leave_containers(depth)) return false;
      if (depth == 0) return true;
    }
  }

 private:
  // After a value: closes what ends here, or steps to the next value of the same container.
  bool leave_containers(std::size_t& depth) noexcept {
    while (depth > 0) {
      skip_spaces();
      if (at_ >= text_.size()) return false;
      const bool is_object = is_object_[depth - 1];
      const char c = text_[at_++];
      if (c == ',') return !is_object || skip_key();
      if (c != (is_object ? '}' : ']')) return false;
      --depth;
    }
    return true;
  }

  bool skip_key() noexcept {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != '"' || !skip_string()) return false;
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != ':') return false;
    ++at_;
    return true;
  }

  bool skip_scalar(char c) noexcept {
    if (c == '"') return skip_string();
    if (c == 't') return skip_word("true");
    if (c == 'f') return skip_word("false");
    if (c == 'n') return skip_word("null");
    return skip_number();
  }

  bool skip_word(std::string_view word) noexcept {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool skip_string() noexcept {
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') continue;
      if (++at_ >= text_.size()) return false;
      if (text_[at_] == 'u') {
        if (hex4(text_.substr(at_ + 1)) < 0) return false;
        at_ += 4;
      } else if (std::string_view("\"\\/bfnrt").find(text_[at_]) == std::string_view::npos) {
        return false;
      }
    }
    return false;
  }

  bool skip_digits() noexcept {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > begin;
  }

  bool skip_number() noexcept {
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    if (at_ < text_.size() && text_[at_] == '0') {
      ++at_;
    } else if (!skip_digits()) {
      return false;
    }
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      if (!skip_digits()) return false;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!skip_digits()) return false;
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::array<bool, kJsonDepthMax> is_object_{};
};

char* write_utf8(std::uint32_t code, char* out) noexcept {
  const auto put = [&out](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
  return out;
}

// The code point of an escape "\uXXXX", of two for a pair; `used` grows by the bytes after the 'u'.
std::uint32_t read_code_point(std::string_view after_u, std::size_t& used) noexcept {
  constexpr std::uint32_t replacement = 0xFFFD;
  const auto first = static_cast<std::uint32_t>(hex4(after_u));
  used += 4;
  if (first < 0xD800 || first > 0xDFFF) return first;
  if (first > 0xDBFF || !after_u.substr(4).starts_with("\\u")) return replacement;
  const auto second = static_cast<std::uint32_t>(hex4(after_u.substr(6)));
  if (second < 0xDC00 || second > 0xDFFF) return replacement;
  used += 6;
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

char unescaped_byte(char c) noexcept {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

bool is_key(std::string_view raw, const std::string& key, TextArena& arena) {
  if (raw == key) return true;
  return raw.find('\\') != std::string_view::npos && json_unescape(raw, arena) == key;
}

}  // namespace

std::string_view trim_json(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::size_t json_value_bytes(std::string_view text) noexcept {
  Scanner scanner(text);
  return scanner.skip_value() ? scanner.position() : 0;
}

bool is_json(std::string_view text) noexcept {
  Scanner scanner(text);
  if (!scanner.skip_value()) return false;
  scanner.skip_spaces();
  return scanner.position() == text.size() && valid_text_prefix(text) == text.size();
}

std::string_view find_json(std::string_view text, const JsonPath& path, TextArena& arena) {
  std::string_view value = trim_json(text);
  for (const JsonStep& step : path) {
    std::string_view found;
    if (step.is_index && value.starts_with('[')) {
      std::size_t index = 0;
      for_each_json_element(value, [&](std::string_view element) {
        if (index++ == step.index) found = element;
      });
    } else if (!step.is_index && value.starts_with('{')) {
      for_each_json_member(value, [&](std::string_view key, std::string_view member) {
        if (found.data() == nullptr && is_key(key, step.key, arena)) found = member;
      });
    }
    if (found.data() == nullptr) return {};
    value = found;
  }
  return value;
}

std::string_view json_unescape(std::string_view raw, TextArena& arena) {
  if (raw.find('\\') == std::string_view::npos) return raw;
  char* const begin = arena.reserve(raw.size());
  char* out = begin;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      *out++ = raw[i];
    } else if (raw[++i] == 'u') {
      std::size_t used = 0;
      out = write_utf8(read_code_point(raw.substr(i + 1), used), out);
      i += used;
    } else {
      *out++ = unescaped_byte(raw[i]);
    }
  }
  const auto bytes = static_cast<std::size_t>(out - begin);
  arena.commit(bytes);
  return {begin, bytes};
}

void append_json_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
}

}  // namespace pixel::shipper
