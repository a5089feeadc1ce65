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

/// The headers that mean something to us.
enum class HeaderName : std::uint8_t {
  kOther,
  kHost,
  kCookie,
  kReferer,
  kUserAgent,
  kConnection,
  kContentLength,
  kForwardedFor,
  kTransferEncoding,
};

class HeaderFields {
 public:
  /// REQUIRES: the request line is in `request`, which outlives this object.
  explicit HeaderFields(RequestView& request) noexcept
      : request_(request), has_authority_(!request.host.empty()) {}

  /// Takes one header line, its value with the white space around it. kNone or why it is refused.
  Refusal take(HeaderName name, std::string_view raw_value) noexcept;

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

/// Which header `name`, a token, is. Inline: most lines are kOther and cost no call.
[[gnu::always_inline]] inline HeaderName recognise_header(std::string_view name) noexcept {
  using header_detail::is_name;
  const char* const bytes = name.data();
  const auto either = [](bool found, HeaderName header) {
    return found ? header : HeaderName::kOther;
  };
  switch (name.size()) {
    case 4:
      return either(is_name(bytes, "host"), HeaderName::kHost);
    case 6:
      return either(is_name(bytes, "cookie"), HeaderName::kCookie);
    case 7:
      return either(is_name(bytes, "referer"), HeaderName::kReferer);
    case 10:
      if (is_name(bytes, "user-agent")) return HeaderName::kUserAgent;
      return either(is_name(bytes, "connection"), HeaderName::kConnection);
    case 14:
      return either(is_name(bytes, "content-length"), HeaderName::kContentLength);
    case 15:
      return either(is_name(bytes, "x-forwarded-for"), HeaderName::kForwardedFor);
    case 17:
      return either(is_name(bytes, "transfer-encoding"), HeaderName::kTransferEncoding);
    default:
      return HeaderName::kOther;
  }
}

}  // namespace pixel::edge
