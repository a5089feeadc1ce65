// SPDX-License-Identifier: Apache-2.0
// See json_walk.h. HOT by thread; pure.
#include "edge/events/json_walk.h"

#include <array>
#include <cstdint>

namespace pixel::edge {
namespace {

enum Class : std::uint8_t { kOther, kQuote, kOpen, kClose };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  classes['"'] = kQuote;
  classes['{'] = classes['['] = kOpen;
  classes['}'] = classes[']'] = kClose;
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// From behind a string's opening quote to behind its closing one.
const char* skip_string(const char* at, const char* end) noexcept {
  while (at < end) {
    const char c = *at++;
    if (c == '"') return at;
    if (c == '\\' && at < end) ++at;
  }
  return end;
}

const char* skip_container(const char* at, const char* end) noexcept {
  std::size_t depth = 0;
  while (at < end) {
    switch (kClasses[static_cast<std::uint8_t>(*at++)]) {
      case kQuote:
        at = skip_string(at, end);
        break;
      case kOpen:
        ++depth;
        break;
      case kClose:
        if (--depth == 0) return at;
        break;
      default:
        break;
    }
  }
  return end;
}

const char* skip_scalar(const char* at, const char* end) noexcept {
  while (at < end && *at != ',' && *at != ']' && *at != '}' && !is_space(*at)) ++at;
  return at;
}

}  // namespace

std::string_view trim_json(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Over white space, a comma and a colon.
void JsonWalk::skip_to_value() noexcept {
  while (!rest_.empty() && (is_space(rest_[0]) || rest_[0] == ',' || rest_[0] == ':')) {
    rest_.remove_prefix(1);
  }
}

std::string_view JsonWalk::take_value() noexcept {
  skip_to_value();
  if (rest_.empty() || kClasses[static_cast<std::uint8_t>(rest_[0])] == kClose) return {};
  const char* const begin = rest_.data();
  const char* const end = begin + rest_.size();
  const char* at = end;
  if (*begin == '"') {
    at = skip_string(begin + 1, end);
  } else if (*begin == '{' || *begin == '[') {
    at = skip_container(begin, end);
  } else {
    at = skip_scalar(begin, end);
  }
  const auto bytes = static_cast<std::size_t>(at - begin);
  const std::string_view value = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return value;
}

std::string_view JsonWalk::next_element() noexcept { return take_value(); }

JsonWalk::Member JsonWalk::next_member() noexcept {
  const std::string_view name = take_value();
  if (name.size() < 2) return {};
  return {name.substr(1, name.size() - 2), take_value()};
}

}  // namespace pixel::edge
