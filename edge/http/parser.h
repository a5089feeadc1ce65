// SPDX-License-Identifier: Apache-2.0
// HTTP/1.x request heads, strictly by RFC 9112. HOT; pure: bytes in, a view or a refusal out; no
// state, no allocation, no system headers. Any segmentation of the same bytes gives the same
// result.
#pragma once

#include <cstdint>
#include <string_view>

#include "edge/http/head_memory.h"
#include "edge/http/request_view.h"

namespace pixel::edge {

enum class ParseStatus : std::uint8_t {
  kComplete,    // request.head_bytes were consumed.
  kIncomplete,  // A valid beginning: come back with more bytes.
  kRefused,     // Never valid, whatever follows: answer and close.
};

/// Why a head is refused; each has its HTTP status (refusal_status) and its counter. Values are
/// stable: they name metrics.
enum class Refusal : std::uint8_t {
  kNone,
  kBadRequestLine,       // 400: no method token, no version (HTTP/0.9), bytes after the version
  kBadTarget,            // 400: empty, control bytes, fragment, or a form we do not serve
  kBadVersion,           // 400: not HTTP/d.d (also a TLS hello)
  kUnsupportedVersion,   // 505: a major version other than 1 (also the h2 preface)
  kBadHeader,            // 400: obs-fold, space before colon, bare CR or LF, NUL, no name
  kBadContentLength,     // 400: not digits alone, or repeated
  kBadTransferEncoding,  // 400: together with Content-Length, in HTTP/1.0, or chunked not last
  kBadHost,              // 400: missing in 1.1, repeated, or with forbidden bytes
  kLineTooLong,          // 414
  kHeadersTooLarge,      // 431
  kUnknownCoding,        // 501: a transfer coding other than chunked (RFC 9112 section 6.1)
  kBadExpectation,       // 417: an expectation other than 100-continue (RFC 9110 section 10.1.1)
  kBadChunk,             // 400: the framing of a chunked body
  kBodyTooLarge,         // 413
};
inline constexpr std::size_t kRefusalCount = 15;
std::uint32_t refusal_status(Refusal refusal) noexcept;
std::string_view refusal_name(Refusal refusal) noexcept;

/// Limits of one listener; a head of exactly the limit is accepted.
struct ParseLimits {
  std::uint32_t request_line_bytes = 16 * 1024;
  std::uint32_t head_bytes = 32 * 1024;  // All of the head, request line included.
  std::uint32_t header_count = 100;
};

struct ParseResult {
  ParseStatus status = ParseStatus::kIncomplete;
  Refusal refusal = Refusal::kNone;
  bool recalled = false;  // The header block was not parsed but known.
};

/// Parses the head at the beginning of `bytes`. On kComplete the request is whole. On kRefused the
/// request holds what was understood before the fault: `method_text` is non-empty exactly when a
/// whole request line was seen, so that a log line can be written for it, and head_bytes are the
/// bytes up to the fault. On kIncomplete the request is unspecified. Leading empty lines (CRLF)
/// before a request line are skipped and count as its bytes (RFC 9112 section 2.2). Reads no byte
/// beyond `bytes`.
ParseResult parse_request(std::string_view bytes, const ParseLimits& limits,
                          RequestView& request) noexcept;

/// The same with the same result, quicker where `memory` knows the header block. Does not change
/// the memory; null: none.
ParseResult parse_request(std::string_view bytes, const ParseLimits& limits,
                          const HeadMemory* memory, RequestView& request) noexcept;

}  // namespace pixel::edge
