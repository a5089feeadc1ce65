// SPDX-License-Identifier: Apache-2.0
// What the header lines of one request mean to us: views for the log, framing and persistence
// (RFC 9112 sections 6 and 9.3). HOT; lives on the parser's stack; no ownership.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>
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
  kForwarded,
  kTransferEncoding,
  kFirstExtra,  // From here on: ExtraHeader, in its order.
};

constexpr HeaderName name_of(ExtraHeader header) noexcept {
  return static_cast<HeaderName>(static_cast<unsigned>(HeaderName::kFirstExtra) +
                                 static_cast<unsigned>(header));
}

class HeaderFields {
 public:
  /// REQUIRES: the request line is in `request`, which outlives this object.
  explicit HeaderFields(RequestView& request) noexcept
      : request_(request), has_authority_(!request.host.empty()) {}

  /// Takes one header line, its value with the white space around it. kNone or why it is refused.
  Refusal take(HeaderName name, std::string_view raw_value) noexcept;

  /// What can only be said once all lines are seen; sets keep_alive, has_body and chunked.
  Refusal finish() noexcept;

 private:
  Refusal take_host(std::string_view value) noexcept;
  Refusal take_content_length(std::string_view value) noexcept;
  Refusal take_transfer_encoding(std::string_view value) noexcept;
  void take_connection(std::string_view value) noexcept;
  void take_extra(ExtraHeader header, std::string_view value) noexcept;
  void take_expect(std::string_view value) noexcept;

  RequestView& request_;
  bool has_authority_;  // From an absolute-form target: it wins over Host (RFC 9112, 3.2.2).
  bool has_host_ = false;
  bool has_length_ = false;
  bool has_encoding_ = false;
  bool ends_chunked_ = false;
  bool unknown_coding_ = false;
  bool unknown_expectation_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
};

/// recognise_header for names of 18 bytes and more, which no browser sends with an image. REQUIRES:
/// as much.
HeaderName recognise_long_header(std::string_view name) noexcept;

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
/// folds letters and changes no other tchar into '-' or a lower-case letter. The last word overlaps
/// the one before it.
template <std::size_t kSize>
bool is_name(const char* bytes, const char (&lower_case)[kSize]) noexcept {
  constexpr std::size_t kBytes = kSize - 1;
  static_assert(kBytes >= 3 && kBytes <= 32);
  constexpr std::uint64_t kFold = 0x2020202020202020;
  constexpr auto kFold4 = static_cast<std::uint32_t>(kFold);
  if constexpr (kBytes == 3) {
    return ((bytes[0] | 0x20) ^ lower_case[0]) == 0 && ((bytes[1] | 0x20) ^ lower_case[1]) == 0 &&
           ((bytes[2] | 0x20) ^ lower_case[2]) == 0;
  } else if constexpr (kBytes < 8) {
    return (((load4(bytes) | kFold4) ^ load4(lower_case)) |
            ((load4(bytes + kBytes - 4) | kFold4) ^ load4(lower_case + kBytes - 4))) == 0;
  } else {
    std::uint64_t other = 0;
    for (std::size_t at = 0; at + 8 < kBytes; at += 8) {
      other |= (load8(bytes + at) | kFold) ^ load8(lower_case + at);
    }
    other |= (load8(bytes + kBytes - 8) | kFold) ^ load8(lower_case + kBytes - 8);
    return other == 0;
  }
}

struct KnownName {
  std::string_view name;
  HeaderName header;
};
/// Every name that recognise_header knows. A test holds its comparisons against this list.
inline constexpr KnownName kKnownNames[] = {
    {"host", HeaderName::kHost},
    {"cookie", HeaderName::kCookie},
    {"referer", HeaderName::kReferer},
    {"user-agent", HeaderName::kUserAgent},
    {"connection", HeaderName::kConnection},
    {"content-length", HeaderName::kContentLength},
    {"x-forwarded-for", HeaderName::kForwardedFor},
    {"forwarded", HeaderName::kForwarded},
    {"transfer-encoding", HeaderName::kTransferEncoding},
    {"origin", name_of(ExtraHeader::kOrigin)},
    {"content-type", name_of(ExtraHeader::kContentType)},
    {"content-encoding", name_of(ExtraHeader::kContentEncoding)},
    {"expect", name_of(ExtraHeader::kExpect)},
    {"access-control-request-method", name_of(ExtraHeader::kRequestMethod)},
    {"access-control-request-headers", name_of(ExtraHeader::kRequestHeaders)},
    {"x-real-ip", name_of(ExtraHeader::kRealIp)},
    {"cf-connecting-ip", name_of(ExtraHeader::kCfConnectingIp)},
    {"true-client-ip", name_of(ExtraHeader::kTrueClientIp)},
    {"cloudfront-viewer-address", name_of(ExtraHeader::kViewerAddress)},
    {"x-forwarded-proto", name_of(ExtraHeader::kForwardedProto)},
    {"cloudfront-forwarded-proto", name_of(ExtraHeader::kCloudFrontProto)},
    {"cf-visitor", name_of(ExtraHeader::kCfVisitor)},
    {"cloudfront-viewer-tls", name_of(ExtraHeader::kViewerTls)},
    {"x-amzn-tls-version", name_of(ExtraHeader::kTlsVersion)},
    {"x-amzn-tls-cipher-suite", name_of(ExtraHeader::kTlsCipher)},
    {"dnt", name_of(ExtraHeader::kDnt)},
    {"x-do-not-track", name_of(ExtraHeader::kDoNotTrack)},
    {"sec-gpc", name_of(ExtraHeader::kGpc)},
    {"sp-anonymous", name_of(ExtraHeader::kAnonymous)},
    {"purpose", name_of(ExtraHeader::kPurpose)},
    {"x-purpose", name_of(ExtraHeader::kXPurpose)},
    {"x-moz", name_of(ExtraHeader::kXMoz)},
    {"sec-purpose", name_of(ExtraHeader::kSecPurpose)},
};
static_assert(std::size(kKnownNames) ==
              static_cast<std::size_t>(HeaderName::kFirstExtra) - 1 + kExtraHeaderCount);

/// Longer names are not inlined.
inline constexpr std::size_t kLongName = 18;

/// Of each shorter length: the first letters of its known names, bit 1 for 'a'.
constexpr std::array<std::uint32_t, kLongName> make_first_letters() {
  std::array<std::uint32_t, kLongName> letters{};
  for (const KnownName& known : kKnownNames) {
    if (known.name.size() >= kLongName) continue;
    letters[known.name.size()] |= std::uint32_t{1} << (known.name[0] & 31);
  }
  return letters;
}
inline constexpr std::array<std::uint32_t, kLongName> kFirstLetters = make_first_letters();

}  // namespace header_detail

/// Which header `name`, a token, is. Inline: most lines are kOther and cost no call. Only names of
/// its own length are compared with it.
[[gnu::always_inline]] inline HeaderName recognise_header(std::string_view name) noexcept {
  using header_detail::is_name;
  const char* const bytes = name.data();
  if (name.size() >= header_detail::kLongName) [[unlikely]] {
    return recognise_long_header(name);
  }
  // Most names of a browser end here.
  if ((header_detail::kFirstLetters[name.size()] >> (bytes[0] & 31) & 1) == 0) {
    return HeaderName::kOther;
  }
  const auto either = [](bool found, HeaderName header) {
    return found ? header : HeaderName::kOther;
  };
  const auto extra = [](bool found, ExtraHeader header) {
    return found ? name_of(header) : HeaderName::kOther;
  };
  switch (name.size()) {
    case 3:
      return extra(is_name(bytes, "dnt"), ExtraHeader::kDnt);
    case 4:
      return either(is_name(bytes, "host"), HeaderName::kHost);
    case 5:
      return extra(is_name(bytes, "x-moz"), ExtraHeader::kXMoz);
    case 6:
      if (is_name(bytes, "cookie")) return HeaderName::kCookie;
      if (is_name(bytes, "origin")) return name_of(ExtraHeader::kOrigin);
      return extra(is_name(bytes, "expect"), ExtraHeader::kExpect);
    case 7:
      if (is_name(bytes, "referer")) return HeaderName::kReferer;
      if (is_name(bytes, "purpose")) return name_of(ExtraHeader::kPurpose);
      return extra(is_name(bytes, "sec-gpc"), ExtraHeader::kGpc);
    case 9:
      if (is_name(bytes, "x-real-ip")) return name_of(ExtraHeader::kRealIp);
      if (is_name(bytes, "x-purpose")) return name_of(ExtraHeader::kXPurpose);
      return either(is_name(bytes, "forwarded"), HeaderName::kForwarded);
    case 10:
      if (is_name(bytes, "user-agent")) return HeaderName::kUserAgent;
      if (is_name(bytes, "connection")) return HeaderName::kConnection;
      return extra(is_name(bytes, "cf-visitor"), ExtraHeader::kCfVisitor);
    case 11:
      return extra(is_name(bytes, "sec-purpose"), ExtraHeader::kSecPurpose);
    case 12:
      if (is_name(bytes, "content-type")) return name_of(ExtraHeader::kContentType);
      return extra(is_name(bytes, "sp-anonymous"), ExtraHeader::kAnonymous);
    case 14:
      if (is_name(bytes, "content-length")) return HeaderName::kContentLength;
      if (is_name(bytes, "true-client-ip")) return name_of(ExtraHeader::kTrueClientIp);
      return extra(is_name(bytes, "x-do-not-track"), ExtraHeader::kDoNotTrack);
    case 15:
      return either(is_name(bytes, "x-forwarded-for"), HeaderName::kForwardedFor);
    case 16:
      if (is_name(bytes, "content-encoding")) return name_of(ExtraHeader::kContentEncoding);
      return extra(is_name(bytes, "cf-connecting-ip"), ExtraHeader::kCfConnectingIp);
    case 17:
      if (is_name(bytes, "transfer-encoding")) return HeaderName::kTransferEncoding;
      return extra(is_name(bytes, "x-forwarded-proto"), ExtraHeader::kForwardedProto);
    default:
      return HeaderName::kOther;
  }
}

}  // namespace pixel::edge
