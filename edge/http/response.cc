// SPDX-License-Identifier: Apache-2.0
// Builds the answers, once per worker, and patches their Date, once a second: COLD. One worker's
// thread; the set owns all bytes.
#include "edge/http/response.h"

#include <array>
#include <cstring>
#include <string>

#include "base/clock.h"
#include "edge/http/pixel.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kAnswerCount = kResponseCount * kPersistenceCount;
constexpr std::size_t kDateBytes = 29;  // IMF-fixdate, RFC 9110 section 5.6.7.
constexpr std::string_view kEpochDate = "Thu, 01 Jan 1970 00:00:00 GMT";
static_assert(kEpochDate.size() == kDateBytes);

// A shared cache that kept the pixel would swallow requests; the last two lines of the pixel let a
// page of another origin embed it whatever its isolation policy.
constexpr std::string_view kPixelHeaders =
    "Cache-Control: no-cache, no-store, must-revalidate, private, max-age=0\r\n"
    "Pragma: no-cache\r\n"
    "Expires: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Access-Control-Allow-Origin: *\r\n"
    "Cross-Origin-Resource-Policy: cross-origin\r\n";
// 404, 405, 414 and 501 may be cached unless we say otherwise (RFC 9110 section 15.1).
constexpr std::string_view kErrorHeaders = "Cache-Control: no-store\r\n";
constexpr std::string_view kAllowHeaders = "Cache-Control: no-store\r\nAllow: GET, HEAD\r\n";
constexpr std::string_view kRetryHeaders = "Cache-Control: no-store\r\nRetry-After: 1\r\n";

struct Answer {
  std::uint32_t status;
  std::string_view reason;  // Also the body of an error, with a newline.
  std::string_view headers;
  std::string_view result_type;
  std::string_view detailed_result_type;
};

// By ResponseId's values. The types are CloudFront's: fields 14 and 29 of its standard log.
constexpr std::array<Answer, kResponseCount> kAnswers = {{
    {200, "OK", kPixelHeaders, "Hit", "Hit"},
    {400, "Bad Request", kErrorHeaders, "Error", "InvalidRequest"},
    {404, "Not Found", kErrorHeaders, "Error", "Error"},
    {405, "Method Not Allowed", kAllowHeaders, "Error", "InvalidRequestMethod"},
    {408, "Request Timeout", kErrorHeaders, "Error", "ClientCommError"},
    {414, "URI Too Long", kErrorHeaders, "Error", "InvalidRequest"},
    {431, "Request Header Fields Too Large", kErrorHeaders, "Error", "InvalidRequestHeader"},
    {501, "Not Implemented", kErrorHeaders, "Error", "InvalidRequestMethod"},
    {503, "Service Unavailable", kRetryHeaders, "CapacityExceeded", "CapacityExceeded"},
    {505, "HTTP Version Not Supported", kErrorHeaders, "Error", "InvalidRequest"},
}};

// By Persistence's values.
constexpr std::array<std::string_view, kPersistenceCount> kConnectionHeaders = {
    "", "Connection: keep-alive\r\n", "Connection: close\r\n"};

std::string create_body(std::size_t id) {
  if (id != static_cast<std::size_t>(ResponseId::kPixel)) {
    return std::string(kAnswers[id].reason) + "\n";
  }
  return std::string(kPixelGif.begin(), kPixelGif.end());
}

std::string_view content_type_of(std::size_t id) {
  return id == static_cast<std::size_t>(ResponseId::kPixel) ? "image/gif" : "text/plain";
}

void write_two_digits(char* out, int value) noexcept {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
}

// Over a date that is already there: what never changes is not written.
void write_date(char (&date)[kDateBytes], std::int64_t unix_seconds) noexcept {
  constexpr char kDays[] = "SunMonTueWedThuFriSat";
  constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const base::CivilTime now = base::civil_from_unix(unix_seconds);
  std::memcpy(date, kEpochDate.data(), kDateBytes);
  std::memcpy(date, kDays + 3 * now.weekday, 3);
  write_two_digits(date + 5, now.day);
  std::memcpy(date + 8, kMonths + 3 * (now.month - 1), 3);
  write_two_digits(date + 12, now.year / 100);
  write_two_digits(date + 14, now.year % 100);
  write_two_digits(date + 17, now.hour);
  write_two_digits(date + 20, now.minute);
  write_two_digits(date + 23, now.second);
}

}  // namespace

struct ResponseSet::Storage {
  std::array<std::string, kAnswerCount> bytes;
  std::array<std::size_t, kAnswerCount> date_offset{};
  std::array<Response, kAnswerCount> table{};

  void build(std::size_t id, std::size_t persistence);
};

void ResponseSet::Storage::build(std::size_t id, std::size_t persistence) {
  const Answer& answer = kAnswers[id];
  const std::string body = create_body(id);
  const std::size_t index = id * kPersistenceCount + persistence;
  std::string& out = bytes[index];
  out = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  out += answer.reason;
  out += "\r\nDate: ";
  date_offset[index] = out.size();
  out += kEpochDate;
  out += "\r\nContent-Type: ";
  out += content_type_of(id);
  out += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  out += answer.headers;
  out += kConnectionHeaders[persistence];
  out += "\r\n";
  Response& response = table[index];
  response.head_bytes = static_cast<std::uint32_t>(out.size());
  out += body;
  response.bytes = out.data();
  response.total_bytes = static_cast<std::uint32_t>(out.size());
  response.status = answer.status;
  response.content_length = static_cast<std::int32_t>(body.size());
  response.content_type = content_type_of(id);
  response.result_type = answer.result_type;
  response.detailed_result_type = answer.detailed_result_type;
}

ResponseSet::ResponseSet() : storage_(std::make_unique<Storage>()), table_(storage_->table.data()) {
  for (std::size_t id = 0; id < kResponseCount; ++id) {
    for (std::size_t persistence = 0; persistence < kPersistenceCount; ++persistence) {
      storage_->build(id, persistence);
    }
  }
}

ResponseSet::~ResponseSet() = default;

void ResponseSet::set_date(std::int64_t unix_seconds) noexcept {
  char date[kDateBytes];
  write_date(date, unix_seconds);
  for (std::size_t i = 0; i < kAnswerCount; ++i) {
    std::memcpy(storage_->bytes[i].data() + storage_->date_offset[i], date, kDateBytes);
  }
}

}  // namespace pixel::edge
