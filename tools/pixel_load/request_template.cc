// SPDX-License-Identifier: Apache-2.0
// See request_template.h. HOT: append and what it calls.
#include "tools/pixel_load/request_template.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/clock.h"

namespace pixel::load {
namespace {

void append_number(std::uint64_t number, std::string& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void append_hex_digits(std::uint64_t value, unsigned digits, std::string& out) {
  while (digits-- > 0) out += "0123456789abcdef"[(value >> (4 * digits)) & 15];
}

// RFC 9562 section 5.4: version 4, variant 10.
void append_uuid(base::Prng& random, std::string& out) {
  const std::uint64_t high = random.next();
  const std::uint64_t low = random.next();
  append_hex_digits(high >> 32, 8, out);
  out += '-';
  append_hex_digits(high >> 16, 4, out);
  out += "-4";
  append_hex_digits(high, 3, out);
  out += '-';
  append_hex_digits(0x8 | (low >> 62), 1, out);
  append_hex_digits(low >> 48, 3, out);
  out += '-';
  append_hex_digits(low, 12, out);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; (at = text.find(separator)) != std::string_view::npos;) {
    parts.emplace_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  parts.emplace_back(text);
  return parts;
}

std::optional<std::uint64_t> parse_bound(std::string_view text) {
  std::uint64_t bound = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bound);
  if (error != std::errc() || end != text.data() + text.size() || bound == 0) return std::nullopt;
  return bound;
}

base::Error bad_placeholder(std::string_view name, std::string_view cause) {
  return {fmt::format("{{{}}}: {}", name, cause)};
}

}  // namespace

base::Result<RequestTemplate::Piece> RequestTemplate::parse_placeholder(std::string_view name) {
  Piece piece;
  if (name == "seq") {
    piece.kind = Kind::kSeq;
  } else if (name == "uuid") {
    piece.kind = Kind::kUuid;
  } else if (name == "time_ms") {
    piece.kind = Kind::kTimeMs;
  } else if (name.starts_with("rand:")) {
    const auto bound = parse_bound(name.substr(5));
    if (!bound) return bad_placeholder(name, "expected a number from 1 up after 'rand:'");
    piece.kind = Kind::kRandom;
    piece.bound = *bound;
  } else if (name.starts_with("pick:")) {
    piece.kind = Kind::kPick;
    piece.choices = split(name.substr(5), '|');
  } else {
    return bad_placeholder(name,
                           "expected seq, rand:N, pick:x|y, uuid or time_ms ('{{' is one brace)");
  }
  return piece;
}

void RequestTemplate::append_text(char c) {
  if (pieces_.empty() || pieces_.back().kind != Kind::kText) pieces_.emplace_back();
  pieces_.back().text += c;
}

base::Result<RequestTemplate> RequestTemplate::parse(std::string_view text) {
  RequestTemplate result;
  while (!text.empty()) {
    const bool brace = text[0] == '{' || text[0] == '}';
    if (brace && text.size() > 1 && text[1] == text[0]) {
      result.append_text(text[0]);
      text.remove_prefix(2);
    } else if (text[0] == '{') {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) return base::Error{"'{' without its '}'"};
      auto piece = parse_placeholder(text.substr(1, end - 1));
      if (!piece) return piece.error();
      result.pieces_.push_back(std::move(*piece));
      text.remove_prefix(end + 1);
    } else {
      result.append_text(text[0]);
      text.remove_prefix(1);
    }
  }
  return result;
}

void RequestTemplate::append(std::uint64_t seq, base::Prng& random, std::string& out) const {
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Kind::kText:
        out.append(piece.text);
        break;
      case Kind::kSeq:
        append_number(seq, out);
        break;
      case Kind::kRandom:
        append_number(random.below(piece.bound), out);
        break;
      case Kind::kPick:
        out.append(piece.choices[random.below(piece.choices.size())]);
        break;
      case Kind::kUuid:
        append_uuid(random, out);
        break;
      case Kind::kTimeMs:
        append_number(base::realtime_ns() / 1'000'000, out);
        break;
    }
  }
}

}  // namespace pixel::load
