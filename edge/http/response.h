// SPDX-License-Identifier: Apache-2.0
// Prebuilt responses. Built at boot and at reload (COLD); reading one is HOT: bytes that are sent
// as they are. One ResponseSet per worker: the Date in its bytes is patched once a second by it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace pixel::edge {

/// The sorts of answer, by which they are counted. A ResponseSet has one plain answer for each, at
/// the index of its value; routes add answers of their own behind those.
enum class ResponseId : std::uint8_t {
  kPixel,                // 200 image/gif, 43 bytes, no-store
  kNoContent,            // 204
  kOk,                   // 200 text/plain "ok": beacons, health
  kRecords,              // 200 application/json, body to be added: batches
  kStatic,               // 200, bytes of a file
  kRedirect,             // 302, Location to be added
  kPreflight,            // 204 to OPTIONS
  kBadRequest,           // 400
  kNotFound,             // 404
  kMethodNotAllowed,     // 405 with Allow
  kRequestTimeout,       // 408
  kContentTooLarge,      // 413
  kUriTooLong,           // 414
  kExpectationFailed,    // 417
  kTooManyRequests,      // 429 with Retry-After: the limit by address
  kHeadersTooLarge,      // 431
  kNotImplemented,       // 501
  kServiceUnavailable,   // 503 with Retry-After: no place for the line, or draining
  kVersionNotSupported,  // 505
};
inline constexpr std::size_t kResponseCount = 19;
std::string_view response_name(ResponseId id) noexcept;  // "pixel", "bad_request": names metrics.

/// How the connection goes on, as the answer says it.
enum class Persistence : std::uint8_t {
  kKeepAlive,        // HTTP/1.1: no Connection header.
  kKeepAliveHttp10,  // HTTP/1.0 with keep-alive: "Connection: keep-alive".
  kClose,            // "Connection: close".
};
inline constexpr std::size_t kPersistenceCount = 3;

/// One answer. `bytes` lives as long as its set; a HEAD answer is its first head_bytes. Lines may
/// be added before the last two bytes of the head. Behind the first there are as many whole copies
/// as have place in run_bytes: pipelined requests are answered from there in one piece.
struct Response {
  const char* bytes = nullptr;
  std::uint32_t total_bytes = 0;
  std::uint32_t run_bytes = 0;  // Of all copies; at least total_bytes.
  std::uint32_t head_bytes = 0;
  std::uint32_t status = 0;
  ResponseId id = ResponseId::kPixel;
  std::int32_t content_length = -1;       // As the log line says it; -1: not in the head.
  std::string_view content_type;          // Empty: none.
  std::string_view result_type;           // Fields 14 and 23: "Hit", "Error", "Redirect", ...
  std::string_view detailed_result_type;  // Field 29.
};

/// What a route answers, before it has a Date.
struct ResponseText {
  ResponseId id = ResponseId::kPixel;
  std::uint32_t status = 200;
  std::string reason;        // "OK"
  std::string content_type;  // Empty: no such header.
  std::string headers;       // Whole lines, each with its CRLF.
  std::string body;
  bool has_length = true;  // Content-Length of `body`; false: to be added, or not allowed (204).
  bool operator==(const ResponseText&) const = default;
};
/// What is answered where no route says otherwise: the plain answer of a sort. COLD.
ResponseText plain_response_text(ResponseId id);

class ResponseSet {
 public:
  /// COLD: allocates. The plain answers, then one for each of `route_texts`, from index
  /// kResponseCount. The Date is that of 1970 until set_date.
  explicit ResponseSet(std::span<const ResponseText> route_texts = {});
  ~ResponseSet();
  ResponseSet(const ResponseSet&) = delete;
  ResponseSet& operator=(const ResponseSet&) = delete;

  const Response& get(std::size_t index, Persistence persistence) const noexcept {
    return table_[index * kPersistenceCount + static_cast<std::size_t>(persistence)];
  }
  const Response& get(ResponseId id, Persistence persistence) const noexcept {
    return get(static_cast<std::size_t>(id), persistence);
  }
  /// Writes the Date header (RFC 9110 section 5.6.7) of `unix_seconds` into every answer. HOT once
  /// a second. REQUIRES: no answer of this set is still being sent from its bytes.
  void set_date(std::int64_t unix_seconds) noexcept;

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
  const Response* table_;
};

/// The answer to a refused head.
enum class Refusal : std::uint8_t;
ResponseId response_of(Refusal refusal) noexcept;

}  // namespace pixel::edge
