// SPDX-License-Identifier: Apache-2.0
// What the parser passes on: views into the connection's bytes. HOT; no ownership.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pixel::edge {

enum class Method : std::uint8_t {
  kGet,
  kHead,
  kPost,
  kOptions,
  kKnownOther,  // PUT, DELETE, CONNECT, TRACE, PATCH: answered 405.
  kUnknown,     // A token we do not know: answered 501 (RFC 9110 section 9.1).
};

enum class Version : std::uint8_t { kHttp10, kHttp11 };

/// Headers that only some settings or methods look at.
enum class ExtraHeader : std::uint8_t {
  kOrigin,
  kContentType,
  kContentEncoding,
  kExpect,
  kRequestMethod,   // Access-Control-Request-Method
  kRequestHeaders,  // Access-Control-Request-Headers
  // Who the client is, by the word of a proxy.
  kRealIp,           // X-Real-IP
  kCfConnectingIp,   // CF-Connecting-IP
  kTrueClientIp,     // True-Client-IP
  kViewerAddress,    // CloudFront-Viewer-Address
  kForwardedProto,   // X-Forwarded-Proto
  kCloudFrontProto,  // CloudFront-Forwarded-Proto
  kCfVisitor,        // CF-Visitor
  kViewerTls,        // CloudFront-Viewer-TLS
  kTlsVersion,       // X-Amzn-Tls-Version
  kTlsCipher,        // X-Amzn-Tls-Cipher-Suite
  // What the client wishes.
  kDnt,         // DNT
  kDoNotTrack,  // X-Do-Not-Track
  kGpc,         // Sec-GPC
  kAnonymous,   // SP-Anonymous
  kPurpose,     // Purpose
  kXPurpose,    // X-Purpose
  kXMoz,        // X-Moz
  kSecPurpose,  // Sec-Purpose
};
inline constexpr std::size_t kExtraHeaderCount = 24;

/// A view that costs nothing to make and has no value until it is given one.
struct UnsetText {
  const char* data;
  std::size_t bytes;
  std::string_view view() const noexcept { return {data, bytes}; }
};

/// Their values. Of repeated lines the first counts, of those that a proxy writes the last.
class ExtraHeaders {
 public:
  // Not defaulted: that would clear 24 views for each request.
  ExtraHeaders() noexcept {}

  bool any() const noexcept { return seen_ != 0; }
  bool has(ExtraHeader header) const noexcept { return (seen_ & bit(header)) != 0; }
  /// Empty when absent.
  std::string_view get(ExtraHeader header) const noexcept {
    return has(header) ? values_[static_cast<std::size_t>(header)].view() : std::string_view{};
  }
  void set(ExtraHeader header, std::string_view value) noexcept {
    seen_ |= bit(header);
    values_[static_cast<std::size_t>(header)] = {value.data(), value.size()};
  }

 private:
  static constexpr std::uint32_t bit(ExtraHeader header) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(header);
  }
  std::uint32_t seen_ = 0;
  UnsetText values_[kExtraHeaderCount];
};

/// The last lines of a header that proxies append to.
class HeaderLines {
 public:
  static constexpr std::size_t kLinesMax = 4;  // Of more, the oldest are forgotten.
  HeaderLines() noexcept {}                    // Not defaulted, as above.

  std::size_t count() const noexcept { return count_ < kLinesMax ? count_ : kLinesMax; }
  /// REQUIRES: index < count(). 0 is the last line, which the nearest proxy wrote.
  std::string_view from_last(std::size_t index) const noexcept {
    return lines_[(count_ - 1 - index) % kLinesMax].view();
  }
  void add(std::string_view line) noexcept {
    lines_[count_ % kLinesMax] = {line.data(), line.size()};
    ++count_;
  }

 private:
  std::uint32_t count_ = 0;
  UnsetText lines_[kLinesMax];
};

/// One parsed request head. All views point into the bytes given to parse_request and live as long
/// as they do. An absent header is an empty view. Of repeated lines the first counts.
struct RequestView {
  Method method = Method::kUnknown;
  Version version = Version::kHttp11;
  bool keep_alive = true;         // By version and Connection header (RFC 9112 section 9.3).
  bool has_body = false;          // Content-Length above 0, or chunked.
  bool chunked = false;           // Its body is framed by chunks; else by content_length.
  bool expects_continue = false;  // Expect: 100-continue, in HTTP/1.1.
  std::uint32_t head_bytes = 0;   // Request line, headers and the empty line.
  std::uint32_t line_bytes = 0;   // Of them the request line, with empty lines before it.
  std::uint64_t content_length = 0;
  std::string_view method_text;
  std::string_view path;   // Raw, before '?'. Of an absolute-form target, behind the authority.
  std::string_view query;  // Raw, after the first '?'.
  std::string_view host;   // With its port; the authority of an absolute-form target before Host.
  std::string_view referer;
  std::string_view user_agent;
  std::string_view cookie;
  HeaderLines forwarded_for;  // X-Forwarded-For
  HeaderLines forwarded;      // Forwarded (RFC 7239)
  ExtraHeaders extra;
};

}  // namespace pixel::edge
