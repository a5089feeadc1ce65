// SPDX-License-Identifier: Apache-2.0
// What the parser passes on: views into the connection's bytes. HOT; no ownership.
#pragma once

#include <cstdint>
#include <string_view>

namespace pixel::edge {

enum class Method : std::uint8_t {
  kGet,
  kHead,
  kKnownOther,  // POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH: answered 405.
  kUnknown,     // A token we do not know: answered 501 (RFC 9110 section 9.1).
};

enum class Version : std::uint8_t { kHttp10, kHttp11 };

/// One parsed request head. All views point into the bytes given to parse_request and live as long
/// as they do. An absent header is an empty view. Of repeated lines the first counts; of
/// X-Forwarded-For the last, which the nearest proxy wrote.
struct RequestView {
  Method method = Method::kUnknown;
  Version version = Version::kHttp11;
  bool keep_alive = true;        // By version and Connection header (RFC 9112 section 9.3).
  bool has_body = false;         // Content-Length above 0, or any Transfer-Encoding.
  std::uint32_t head_bytes = 0;  // Request line, headers and the empty line.
  std::uint64_t content_length = 0;
  std::string_view method_text;
  std::string_view path;   // Raw, before '?'. Of an absolute-form target, behind the authority.
  std::string_view query;  // Raw, after the first '?'.
  std::string_view host;   // With its port; the authority of an absolute-form target before Host.
  std::string_view referer;
  std::string_view user_agent;
  std::string_view cookie;
  std::string_view forwarded_for;
};

}  // namespace pixel::edge
