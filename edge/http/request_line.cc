// SPDX-License-Identifier: Apache-2.0
// The request line: method SP target SP HTTP/d.d CRLF, nothing else (RFC 9112 section 3). HOT;
// pure. A fault is found at its byte, never by looking ahead, so that every segmentation of the
// bytes gives the same answer.
#include <cstring>

#include "edge/http/byte_class.h"
#include "edge/http/parse_step.h"
#include "edge/http/target.h"

namespace pixel::edge {
namespace {

// The first byte of a TLS record that opens a handshake: a client that took us for https.
constexpr char kTlsHandshake = 0x16;

// RFC 9112 section 2.2: empty lines before a request line are skipped.
[[gnu::noinline]] Step skip_empty_lines(std::string_view bytes) noexcept {
  std::size_t position = 0;
  while (position < bytes.size() && bytes[position] == '\r') {
    const Step step = expect_crlf(bytes, position, Refusal::kBadRequestLine);
    if (step.status != ParseStatus::kComplete) return step;
    position = step.position;
  }
  return complete_at(position);
}

// The position of success is that of the SP.
Step scan_method(std::string_view bytes, std::size_t begin) noexcept {
  const std::string_view rest = bytes.substr(begin);
  if (rest.starts_with("GET ")) [[likely]] {
    return complete_at(begin + 3);
  }
  std::size_t position = begin;
  while (position < bytes.size() && has_class(bytes[position], kTokenByte)) ++position;
  if (position == bytes.size()) return incomplete();
  if (bytes[position] == ' ' && position > begin) return complete_at(position);
  const bool tls = position == begin && bytes[position] == kTlsHandshake;
  return refuse(tls ? Refusal::kBadVersion : Refusal::kBadRequestLine, position + 1);
}

[[gnu::noinline]] Method classify_other_method(std::string_view text) noexcept {
  if (text == "HEAD") return Method::kHead;
  if (text == "POST") return Method::kPost;
  if (text == "OPTIONS") return Method::kOptions;
  for (const std::string_view known : {"PUT", "DELETE", "CONNECT", "TRACE", "PATCH"}) {
    if (text == known) return Method::kKnownOther;
  }
  return Method::kUnknown;
}

inline Method classify_method(std::string_view text) noexcept {
  return text == "GET" ? Method::kGet : classify_other_method(text);
}

struct TargetEnds {
  std::size_t question = TargetWalker::kNone;  // Of the first '?'.
  std::size_t end = 0;                         // Of the SP.
};

Step scan_target(const ScanOps& scan, std::string_view bytes, std::size_t begin,
                 TargetEnds& ends) noexcept {
  TargetMasks masks;
  TargetWalker ends_of_target(scan, bytes, masks);
  std::size_t position = begin;
  for (;; ++position) {
    position = ends_of_target.find(position);
    if (position == TargetWalker::kNone) return incomplete();
    if (bytes[position] != '?') break;
    if (ends.question == TargetWalker::kNone) ends.question = position;
  }
  ends.end = position;
  const char last = bytes[position];
  if (last == ' ' && position > begin) [[likely]] {
    return complete_at(position);
  }
  // A line that ends here has no version: HTTP/0.9, which nobody speaks.
  const bool line_end = last == '\r' || last == '\n';
  return refuse(line_end ? Refusal::kBadRequestLine : Refusal::kBadTarget, position + 1);
}

struct VersionDigits {
  char major = '1';
  char minor = '1';
};

// Byte by byte: a wrong one is refused although the rest has not come.
[[gnu::noinline]] Step scan_version_slow(std::string_view bytes, std::size_t begin,
                                         VersionDigits& digits) noexcept {
  constexpr std::string_view kPattern = "HTTP/d.d";
  for (std::size_t i = 0; i < kPattern.size(); ++i) {
    if (begin + i >= bytes.size()) return incomplete();
    const char byte = bytes[begin + i];
    const bool good = kPattern[i] == 'd' ? has_class(byte, kDigitByte) : byte == kPattern[i];
    if (!good) return refuse(Refusal::kBadVersion, begin + i + 1);
  }
  digits.major = bytes[begin + 5];
  digits.minor = bytes[begin + 7];
  return expect_crlf(bytes, begin + kPattern.size(), Refusal::kBadRequestLine);
}

Step scan_version(std::string_view bytes, std::size_t begin, VersionDigits& digits) noexcept {
  constexpr std::string_view kUsual = "HTTP/1.1\r\n";
  if (bytes.size() - begin >= kUsual.size() &&
      std::memcmp(bytes.data() + begin, kUsual.data(), kUsual.size()) == 0) [[likely]] {
    return complete_at(begin + kUsual.size());
  }
  return scan_version_slow(bytes, begin, digits);
}

}  // namespace

Step parse_request_line(const ScanOps& scan, std::string_view bytes,
                        RequestView& request) noexcept {
  const bool begins_empty = bytes.starts_with('\r');
  const Step empty = begins_empty ? skip_empty_lines(bytes) : complete_at(0);
  if (empty.status != ParseStatus::kComplete) return empty;
  const Step method = scan_method(bytes, empty.position);
  if (method.status != ParseStatus::kComplete) return method;
  const std::size_t target_begin = method.position + 1;
  TargetEnds ends;
  const Step target = scan_target(scan, bytes, target_begin, ends);
  if (target.status != ParseStatus::kComplete) return target;
  VersionDigits digits;
  const Step line = scan_version(bytes, target.position + 1, digits);
  if (line.status != ParseStatus::kComplete) return line;

  const char* const begin = bytes.data();
  request.method_text = {begin + empty.position, method.position - empty.position};
  request.method = classify_method(request.method_text);
  // RFC 9110 section 2.5: a higher minor version is answered as the highest we speak.
  request.version = digits.minor == '0' ? Version::kHttp10 : Version::kHttp11;
  const std::size_t path_end = ends.question < ends.end ? ends.question : ends.end;
  request.path = {begin + target_begin, path_end - target_begin};
  if (path_end < ends.end) request.query = {begin + path_end + 1, ends.end - path_end - 1};
  if (digits.major != '1') return refuse(Refusal::kUnsupportedVersion, line.position);
  if (request.path.starts_with('/') && request.method != Method::kKnownOther) [[likely]] {
    return line;
  }
  return resolve_target_form(request) ? line : refuse(Refusal::kBadTarget, line.position);
}

}  // namespace pixel::edge
