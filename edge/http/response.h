// SPDX-License-Identifier: Apache-2.0
// Prebuilt responses. Built at boot (COLD); reading one is HOT: bytes that are sent as they are.
// One ResponseSet per worker: the Date in its bytes is patched once a second by that worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace pixel::edge {

/// What can be answered; the pixel's 200 first, then the refusals. Values index the set.
enum class ResponseId : std::uint8_t {
  kPixel,                // 200 image/gif, 43 bytes, no-store
  kBadRequest,           // 400
  kNotFound,             // 404
  kMethodNotAllowed,     // 405 with Allow
  kRequestTimeout,       // 408
  kUriTooLong,           // 414
  kHeadersTooLarge,      // 431
  kNotImplemented,       // 501
  kServiceUnavailable,   // 503 with Retry-After: no place for the line
  kVersionNotSupported,  // 505
};
inline constexpr std::size_t kResponseCount = 10;

/// How the connection goes on, as the answer says it.
enum class Persistence : std::uint8_t {
  kKeepAlive,        // HTTP/1.1: no Connection header.
  kKeepAliveHttp10,  // HTTP/1.0 with keep-alive: "Connection: keep-alive".
  kClose,            // "Connection: close".
};
inline constexpr std::size_t kPersistenceCount = 3;

/// One answer. `bytes` lives as long as its set; a HEAD answer is its first head_bytes.
struct Response {
  const char* bytes = nullptr;
  std::uint32_t total_bytes = 0;
  std::uint32_t head_bytes = 0;
  std::uint32_t status = 0;
  std::int32_t content_length = -1;       // As the log line says it; -1: no body header.
  std::string_view content_type;          // Empty: none.
  std::string_view result_type;           // x-edge-result-type: "Hit", "Error", "CapacityExceeded"
  std::string_view detailed_result_type;  // x-edge-detailed-result-type
};

class ResponseSet {
 public:
  /// COLD: allocates. The Date is that of 1970 until set_date.
  ResponseSet();
  ~ResponseSet();
  ResponseSet(const ResponseSet&) = delete;
  ResponseSet& operator=(const ResponseSet&) = delete;

  const Response& get(ResponseId id, Persistence persistence) const noexcept {
    return table_[static_cast<std::size_t>(id) * kPersistenceCount +
                  static_cast<std::size_t>(persistence)];
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
