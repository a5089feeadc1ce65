// SPDX-License-Identifier: Apache-2.0
// Framing, persistence and Host. HOT; pure. Where two readings of a message are possible it is
// refused: a proxy in front of us may have taken the other one (RFC 9112 section 11.2).
#include "edge/http/header_fields.h"

#include <limits>

#include "edge/http/byte_class.h"
#include "edge/http/target.h"

namespace pixel::edge {
namespace {

// Takes the first element of a comma-separated list off `list`, trimmed. The list is spent when
// `more` becomes false.
std::string_view next_element(std::string_view& list, bool& more) noexcept {
  const std::size_t comma = list.find(',');
  more = comma != std::string_view::npos;
  const std::string_view element = trim_ows(list.substr(0, comma));
  list = more ? list.substr(comma + 1) : std::string_view{};
  return element;
}

// What the nearest proxy says: a client can send the same header, but only above the proxy's line.
constexpr bool is_written_by_proxy(ExtraHeader header) noexcept {
  return header >= ExtraHeader::kRealIp && header <= ExtraHeader::kTlsCipher;
}

}  // namespace

HeaderName recognise_long_header(std::string_view name) noexcept {
  using header_detail::is_name;
  const char* const bytes = name.data();
  const auto extra = [](bool found, ExtraHeader header) {
    return found ? name_of(header) : HeaderName::kOther;
  };
  switch (name.size()) {
    case 18:
      return extra(is_name(bytes, "x-amzn-tls-version"), ExtraHeader::kTlsVersion);
    case 21:
      return extra(is_name(bytes, "cloudfront-viewer-tls"), ExtraHeader::kViewerTls);
    case 23:
      return extra(is_name(bytes, "x-amzn-tls-cipher-suite"), ExtraHeader::kTlsCipher);
    case 25:
      return extra(is_name(bytes, "cloudfront-viewer-address"), ExtraHeader::kViewerAddress);
    case 26:
      return extra(is_name(bytes, "cloudfront-forwarded-proto"), ExtraHeader::kCloudFrontProto);
    case 29:
      return extra(is_name(bytes, "access-control-request-method"), ExtraHeader::kRequestMethod);
    case 30:
      return extra(is_name(bytes, "access-control-request-headers"), ExtraHeader::kRequestHeaders);
    default:
      return HeaderName::kOther;
  }
}

Refusal HeaderFields::take(HeaderName name, std::string_view raw_value) noexcept {
  const std::string_view value = trim_ows(raw_value);
  const auto keep_first = [value](std::string_view& field) {
    if (field.empty()) field = value;
    return Refusal::kNone;
  };
  switch (name) {
    case HeaderName::kOther:
      break;
    case HeaderName::kHost:
      return take_host(value);
    case HeaderName::kCookie:
      return keep_first(request_.cookie);
    case HeaderName::kReferer:
      return keep_first(request_.referer);
    case HeaderName::kUserAgent:
      return keep_first(request_.user_agent);
    case HeaderName::kConnection:
      take_connection(value);
      break;
    case HeaderName::kContentLength:
      return take_content_length(value);
    // A proxy that adds a line of its own adds it last: the one a client cannot forge.
    case HeaderName::kForwardedFor:
      request_.forwarded_for.add(value);
      break;
    case HeaderName::kForwarded:
      request_.forwarded.add(value);
      break;
    case HeaderName::kTransferEncoding:
      return take_transfer_encoding(value);
    default:
      take_extra(static_cast<ExtraHeader>(static_cast<unsigned>(name) -
                                          static_cast<unsigned>(HeaderName::kFirstExtra)),
                 value);
  }
  return Refusal::kNone;
}

Refusal HeaderFields::take_host(std::string_view value) noexcept {
  if (has_host_ || !is_valid_host(value)) return Refusal::kBadHost;
  has_host_ = true;
  if (!has_authority_) request_.host = value;
  return Refusal::kNone;
}

Refusal HeaderFields::take_content_length(std::string_view value) noexcept {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  if (has_encoding_) return Refusal::kBadTransferEncoding;
  // RFC 9110 section 8.6 lets a recipient take repeated lines and lists of one and the same number.
  // We do not: the parser in front of us may have taken only one of them.
  if (has_length_ || value.empty()) return Refusal::kBadContentLength;
  std::uint64_t length = 0;
  for (const char byte : value) {
    if (!has_class(byte, kDigitByte)) return Refusal::kBadContentLength;
    const auto digit = static_cast<std::uint64_t>(byte - '0');
    if (length > (kMax - digit) / 10) return Refusal::kBadContentLength;
    length = length * 10 + digit;
  }
  has_length_ = true;
  request_.content_length = length;
  return Refusal::kNone;
}

// What is malformed or ambiguous is refused at its line; a coding that we merely do not know waits
// for finish(): 400 comes before 501.
Refusal HeaderFields::take_transfer_encoding(std::string_view value) noexcept {
  if (has_length_ || request_.version == Version::kHttp10) return Refusal::kBadTransferEncoding;
  has_encoding_ = true;
  for (bool more = true; more;) {
    const std::string_view element = next_element(value, more);
    const std::string_view coding = trim_ows(element.substr(0, element.find(';')));
    // Chunked comes once, last, and without parameters (RFC 9112 section 7.1).
    if (coding.empty() || !all_have_class(coding, kTokenByte) || ends_chunked_) {
      return Refusal::kBadTransferEncoding;
    }
    ends_chunked_ = equals_ignoring_case(coding, "chunked");
    if (ends_chunked_ && element.size() != coding.size()) return Refusal::kBadTransferEncoding;
    unknown_coding_ |= !ends_chunked_;
  }
  return Refusal::kNone;
}

void HeaderFields::take_extra(ExtraHeader header, std::string_view value) noexcept {
  if (header == ExtraHeader::kExpect) take_expect(value);
  if (is_written_by_proxy(header) || !request_.extra.has(header)) {
    request_.extra.set(header, value);
  }
}

// RFC 9110 section 10.1.1: HTTP/1.0 has no interim answers, so there an expectation means nothing.
void HeaderFields::take_expect(std::string_view value) noexcept {
  if (request_.version == Version::kHttp10) return;
  for (bool more = true; more;) {
    const std::string_view expectation = next_element(value, more);
    if (expectation.empty()) continue;
    const bool known = equals_ignoring_case(expectation, "100-continue");
    request_.expects_continue |= known;
    unknown_expectation_ |= !known;
  }
}

void HeaderFields::take_connection(std::string_view value) noexcept {
  // What browsers send. No CR is in a value, so is_name is exact for it.
  if (value.size() == 10 && header_detail::is_name(value.data(), "keep-alive")) {
    says_keep_alive_ = true;
    return;
  }
  for (bool more = true; more;) {
    const std::string_view option = next_element(value, more);
    says_close_ |= equals_ignoring_case(option, "close");
    says_keep_alive_ |= equals_ignoring_case(option, "keep-alive");
  }
}

// Faults first, in the order of how much they leave unclear; then what is only not supported.
Refusal HeaderFields::finish() noexcept {
  request_.chunked = has_encoding_;
  request_.has_body = has_encoding_ || request_.content_length > 0;
  const bool by_default = request_.version == Version::kHttp11;
  request_.keep_alive = !says_close_ && (by_default || says_keep_alive_);
  if (has_encoding_ && !ends_chunked_) return Refusal::kBadTransferEncoding;
  if (!has_host_ && request_.version == Version::kHttp11) return Refusal::kBadHost;
  if (unknown_coding_) return Refusal::kUnknownCoding;
  return unknown_expectation_ ? Refusal::kBadExpectation : Refusal::kNone;
}

}  // namespace pixel::edge
