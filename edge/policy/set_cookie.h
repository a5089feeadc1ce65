// SPDX-License-Identifier: Apache-2.0
// Set-Cookie lines (RFC 6265 section 4.1), put together from pieces. The pieces are built at boot
// (COLD); writing a line is HOT: five copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/policy/policy_options.h"

namespace pixel::edge {

inline constexpr std::size_t kHttpDateBytes = 29;  // IMF-fixdate, RFC 9110 section 5.6.7.
inline constexpr std::size_t kCookieNameBytesMax = 64;
inline constexpr std::size_t kDomainBytesMax = 253;
/// With the longest name, id and domain, and 584 years: what the lifetime's 64 bits can hold.
inline constexpr std::size_t kSetCookieBytesMax = 508;

/// "Wed, 20 Nov 2026 22:15:00 GMT". Formats once for each new second.
class HttpDate {
 public:
  std::string_view at(std::int64_t unix_seconds) noexcept;

 private:
  std::int64_t unix_seconds_ = -1;
  char text_[kHttpDateBytes] = {};
};

struct CookieLine {
  std::string begin;              // "Set-Cookie: <name>="
  std::string life;               // "; Max-Age=<seconds>; Expires="
  std::vector<std::string> ends;  // "; Domain=...; Path=/; ...\r\n": one for each of the configured
                                  // domains, the last for where none of them fits.
};
/// COLD. REQUIRES: a valid name and valid domains.
CookieLine make_cookie_line(const PolicyOptions& options, std::string_view name, bool http_only);

/// Both write at most kSetCookieBytesMax and return the place behind the line. REQUIRES: `end` <
/// line.ends.size().
char* write_cookie(const CookieLine& line, std::string_view id, std::string_view expires,
                   std::size_t end, char* out) noexcept;
/// The line by which a browser forgets the cookie.
char* write_expired_cookie(const CookieLine& line, std::size_t end, char* out) noexcept;

}  // namespace pixel::edge
