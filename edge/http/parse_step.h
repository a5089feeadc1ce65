// SPDX-License-Identifier: Apache-2.0
// How the parts of the parser tell each other where they stopped. HOT; values only.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "edge/http/parser.h"
#include "edge/http/request_view.h"
#include "edge/http/scan.h"

namespace pixel::edge {

/// The end of one part of the parse.
struct Step {
  ParseStatus status;
  Refusal refusal;
  std::size_t position;  // kComplete: behind the part. kRefused: behind the byte at fault.
};

constexpr Step complete_at(std::size_t position) noexcept {
  return {ParseStatus::kComplete, Refusal::kNone, position};
}
constexpr Step incomplete() noexcept { return {ParseStatus::kIncomplete, Refusal::kNone, 0}; }
constexpr Step refuse(Refusal refusal, std::size_t position) noexcept {
  return {ParseStatus::kRefused, refusal, position};
}

/// Whether CR LF stands at `position`; a CR that lacks its LF, or another byte, is `fault`. The
/// position of success is behind the LF.
constexpr Step expect_crlf(std::string_view bytes, std::size_t position, Refusal fault) noexcept {
  if (position >= bytes.size()) return incomplete();
  if (bytes[position] != '\r') return refuse(fault, position + 1);
  if (position + 1 == bytes.size()) return incomplete();
  if (bytes[position + 1] != '\n') return refuse(fault, position + 2);
  return complete_at(position + 2);
}

/// Whether CR LF stands at `position`; false too where that is kNone of a walker.
inline bool is_crlf(std::string_view bytes, std::size_t position) noexcept {
  return bytes.size() >= 2 && position <= bytes.size() - 2 &&
         std::memcmp(bytes.data() + position, "\r\n", 2) == 0;
}

/// Reads leading empty lines and the request line (RFC 9112 sections 2.2 and 3). Sets method,
/// version, method_text, path, query, and host where the target is in absolute form; nothing
/// before the whole line is seen.
Step parse_request_line(const ScanOps& scan, std::string_view bytes, RequestView& request) noexcept;

/// parse_request with given scans: for tests and benchmarks.
ParseResult parse_request_with(const ScanOps& scan, std::string_view bytes,
                               const ParseLimits& limits, const HeadMemory* memory,
                               RequestView& request) noexcept;
inline ParseResult parse_request_with(const ScanOps& scan, std::string_view bytes,
                                      const ParseLimits& limits, RequestView& request) noexcept {
  return parse_request_with(scan, bytes, limits, nullptr, request);
}

}  // namespace pixel::edge
