// SPDX-License-Identifier: Apache-2.0
// What the header lines of one request mean to us: views for the log, framing and persistence
// (RFC 9112 sections 6 and 9.3). HOT; lives on the parser's stack; no ownership.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "edge/http/parser.h"
#include "edge/http/request_view.h"

namespace pixel::edge {

class HeaderFields {
 public:
  /// REQUIRES: the request line is in `request`, which outlives this object.
  explicit HeaderFields(RequestView& request) noexcept
      : request_(request), has_authority_(!request.host.empty()) {}

  /// Takes one header line: `name` is a token, `value` is trimmed. kNone or why it is refused.
  Refusal take(std::string_view name, std::string_view value) noexcept;

  /// What can only be said once all lines are seen; sets keep_alive and has_body.
  Refusal finish() noexcept;

 private:
  Refusal take_host(std::string_view value) noexcept;
  Refusal take_content_length(std::string_view value) noexcept;
  Refusal take_one_length(std::string_view digits) noexcept;
  Refusal take_transfer_encoding(std::string_view value) noexcept;
  void take_connection(std::string_view value) noexcept;

  RequestView& request_;
  bool has_authority_;  // From an absolute-form target: it wins over Host (RFC 9112, 3.2.2).
  bool has_host_ = false;
  bool has_length_ = false;
  bool has_encoding_ = false;
  bool ends_chunked_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
};

namespace header_detail {

inline std::uint64_t load8(const char* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

inline std::uint32_t load4(const char* bytes) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

/// Whether the token at `bytes`, as long as the literal, is the literal in any case. Setting bit 5
/// folds letters and changes no other tchar into '-' or a lower-case letter.
template <std::size_t kSize>
bool is_name(const char* bytes, const char (&lower_case)[kSize]) noexcept {
  constexpr std::size_t kBytes = kSize - 1;
  static_assert(kBytes >= 4 && kBytes <= 17);
  if constexpr (kBytes < 8) {
    constexpr std::uint32_t kFold = 0x20202020;
    return (((load4(bytes) | kFold) ^ load4(lower_case)) |
            ((load4(bytes + kBytes - 4) | kFold) ^ load4(lower_case + kBytes - 4))) == 0;
  } else {
    constexpr std::uint64_t kFold = 0x2020202020202020;
    std::uint64_t other = (load8(bytes) | kFold) ^ load8(lower_case);
    if constexpr (kBytes > 16) other |= (load8(bytes + 8) | kFold) ^ load8(lower_case + 8);
    other |= (load8(bytes + kBytes - 8) | kFold) ^ load8(lower_case + kBytes - 8);
    return other == 0;
  }
}

}  // namespace header_detail

inline Refusal HeaderFields::take(std::string_view name, std::string_view value) noexcept {
  using header_detail::is_name;
  const char* const bytes = name.data();
  switch (name.size()) {
    case 4:
      if (is_name(bytes, "host")) return take_host(value);
      break;
    case 6:
      if (is_name(bytes, "cookie") && request_.cookie.empty()) request_.cookie = value;
      break;
    case 7:
      if (is_name(bytes, "referer") && request_.referer.empty()) request_.referer = value;
      break;
    case 10:
      if (is_name(bytes, "user-agent")) {
        if (request_.user_agent.empty()) request_.user_agent = value;
      } else if (is_name(bytes, "connection")) {
        take_connection(value);
      }
      break;
    case 14:
      if (is_name(bytes, "content-length")) return take_content_length(value);
      break;
    case 15:
      // A proxy that adds a line of its own adds it last: the one a client cannot forge.
      if (is_name(bytes, "x-forwarded-for")) request_.forwarded_for = value;
      break;
    case 17:
      if (is_name(bytes, "transfer-encoding")) return take_transfer_encoding(value);
      break;
    default:
      break;
  }
  return Refusal::kNone;
}

}  // namespace pixel::edge
