// SPDX-License-Identifier: Apache-2.0
// The segment format, shared by writer and readers: field numbers, header lines, version.
// The document beside this file is logfmt/FORMAT.md.
// Source: AWS "Standard log file fields" (CloudFront developer guide, AccessLogs).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pixel::logfmt {

/// Version of everything a segment, its name, its manifest and its control page mean.
inline constexpr std::uint32_t kFormatVersion = 1;

/// The 33 fields of an access line, in file order. The values never change.
enum class Field : std::uint8_t {
  kDate = 0,
  kTime,
  kEdgeLocation,
  kScBytes,
  kClientIp,
  kMethod,
  kHost,  // cs(Host): the distribution's name.
  kUriStem,
  kStatus,
  kReferer,
  kUserAgent,
  kUriQuery,
  kCookie,
  kResultType,
  kRequestId,
  kHostHeader,
  kProtocol,
  kCsBytes,
  kTimeTaken,
  kForwardedFor,
  kSslProtocol,
  kSslCipher,
  kResponseResultType,
  kProtocolVersion,
  kFleStatus,
  kFleEncryptedFields,
  kClientPort,
  kTimeToFirstByte,
  kDetailedResultType,
  kContentType,
  kContentLength,
  kRangeStart,
  kRangeEnd,
};
inline constexpr std::size_t kFieldCount = 33;
/// Lines written before 2019 end after fle-encrypted-fields; decoders accept them.
inline constexpr std::size_t kOldFieldCount = 26;

/// A line's date and hour, "2026-11-20\t18": what its first bytes are.
inline constexpr std::size_t kHourBytes = 13;

/// The first two lines of every access segment, with their newlines.
inline constexpr std::string_view kAccessHeader =
    "#Version: 1.0\n"
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
    "cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id "
    "x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port "
    "time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end\n";

/// The name of a field as the #Fields line has it.
std::string_view field_name(Field field) noexcept;

}  // namespace pixel::logfmt
