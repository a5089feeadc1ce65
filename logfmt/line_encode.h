// SPDX-License-Identifier: Apache-2.0
// One request -> one access line of 33 fields. HOT; pure: bytes in, bytes out; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logfmt/request_id.h"
#include "logfmt/request_ids.h"

namespace pixel::logfmt {

/// "2026-11-20\t18:52:00": fields 1 and 2, made once a second by format_date_time.
/// REQUIRES there: a time of the years 0 to 9999.
inline constexpr std::size_t kDateTimeBytes = 19;
struct DateTimeText {
  char bytes[kDateTimeBytes];
};
DateTimeText format_date_time(std::int64_t unix_seconds) noexcept;

/// Everything a line says. Views borrow for the call. "raw" = as the client sent it: encoded here.
/// "ready" = already valid field text, copied as it is. An empty raw or ready text becomes "-".
struct LineInput {
  const DateTimeText* when = nullptr;
  std::string_view edge_location;  // ready
  std::uint64_t sc_bytes = 0;
  std::string_view client_address;     // ready
  std::string_view method;             // raw
  std::string_view distribution_host;  // ready
  std::string_view uri_stem;           // raw
  std::uint32_t status = 0;            // 0 is written "000"
  std::string_view referer;            // raw
  std::string_view user_agent;         // raw
  std::string_view uri_query;          // raw
  std::string_view cookie;             // raw
  std::string_view result_type;        // ready
  RequestSequence sequence;
  std::string_view host_header;  // raw
  std::string_view protocol;     // ready
  std::uint64_t cs_bytes = 0;
  std::uint64_t time_taken_us = 0;        // written in seconds, three decimals, rounded down
  std::string_view forwarded_for;         // raw
  std::string_view ssl_protocol;          // ready
  std::string_view ssl_cipher;            // ready
  std::string_view response_result_type;  // ready
  std::string_view protocol_version;      // ready
  std::uint32_t client_port = 0;
  std::uint64_t time_to_first_byte_us = 0;
  std::string_view detailed_result_type;  // ready
  std::string_view content_type;          // raw
  std::int64_t content_length = -1;       // negative: "-"
};

/// An upper bound of what encode_line writes, its scribbling included.
std::size_t encoded_line_bytes_max(const LineInput& input) noexcept;

/// Writes the line without its newline and returns its bytes; no byte of it is NUL or newline, and
/// it has exactly 32 tabs. REQUIRES: out has encoded_line_bytes_max(input); input.when is set.
std::size_t encode_line(const LineInput& input, const RequestIdCipher& cipher, char* out) noexcept;
/// The same for one line after another of a lane.
std::size_t encode_line(const LineInput& input, RequestIds& ids, char* out) noexcept;

}  // namespace pixel::logfmt
