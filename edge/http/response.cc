// SPDX-License-Identifier: Apache-2.0
// Builds the answers, once per worker, and patches their Date, once a second: COLD. One worker's
// thread; the set owns all bytes.
#include "edge/http/response.h"

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "base/clock.h"
#include "edge/http/pixel.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kDateBytes = 29;  // IMF-fixdate, RFC 9110 section 5.6.7.
// A run of copies: 16 and more of a pixel's answer. Of a set, all together.
constexpr std::size_t kRunBytes = 8 * 1024;
constexpr std::size_t kRunsBytesMax = 512 * 1024;
constexpr std::string_view kEpochDate = "Thu, 01 Jan 1970 00:00:00 GMT";
static_assert(kEpochDate.size() == kDateBytes);

// A cache that kept the pixel would swallow requests: nothing here may be stored, and nothing gives
// a cache a validator to ask with (ETag, Last-Modified), so that no request is conditional. The
// last two lines let a page of another origin embed the answer whatever its isolation policy.
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

// What is fixed for each sort of answer. The types are CloudFront's: fields 14 and 29 of its
// standard log.
struct Sort {
  std::string_view name;
  std::uint32_t status;
  std::string_view reason;  // Also the body of an error, with a newline.
  std::string_view headers;
  std::string_view result_type;
  std::string_view detailed_result_type;
};

// By ResponseId's values.
constexpr std::array<Sort, kResponseCount> kSorts = {{
    {"pixel", 200, "OK", kPixelHeaders, "Hit", "Hit"},
    {"no_content", 204, "No Content", kPixelHeaders, "Hit", "Hit"},
    {"ok", 200, "OK", kPixelHeaders, "Hit", "Hit"},
    {"records", 200, "OK", kPixelHeaders, "Hit", "Hit"},
    {"static", 200, "OK", kPixelHeaders, "Hit", "Hit"},
    {"redirect", 302, "Found", kPixelHeaders, "Redirect", "Redirect"},
    {"preflight", 204, "No Content", kErrorHeaders, "Hit", "Hit"},
    {"bad_request", 400, "Bad Request", kErrorHeaders, "Error", "InvalidRequest"},
    {"not_found", 404, "Not Found", kErrorHeaders, "Error", "Error"},
    {"method_not_allowed", 405, "Method Not Allowed", kAllowHeaders, "Error",
     "InvalidRequestMethod"},
    {"request_timeout", 408, "Request Timeout", kErrorHeaders, "Error", "ClientCommError"},
    {"content_too_large", 413, "Content Too Large", kErrorHeaders, "Error", "InvalidRequestBody"},
    {"uri_too_long", 414, "URI Too Long", kErrorHeaders, "Error", "InvalidRequest"},
    {"expectation_failed", 417, "Expectation Failed", kErrorHeaders, "Error",
     "InvalidRequestHeader"},
    {"too_many_requests", 429, "Too Many Requests", kRetryHeaders, "LimitExceeded",
     "LimitExceeded"},
    {"headers_too_large", 431, "Request Header Fields Too Large", kErrorHeaders, "Error",
     "InvalidRequestHeader"},
    {"not_implemented", 501, "Not Implemented", kErrorHeaders, "Error", "InvalidRequestMethod"},
    {"service_unavailable", 503, "Service Unavailable", kRetryHeaders, "CapacityExceeded",
     "CapacityExceeded"},
    {"version_not_supported", 505, "HTTP Version Not Supported", kErrorHeaders, "Error",
     "InvalidRequest"},
}};

const Sort& sort_of(ResponseId id) noexcept { return kSorts[static_cast<std::size_t>(id)]; }

// By Persistence's values.
constexpr std::array<std::string_view, kPersistenceCount> kConnectionHeaders = {
    "", "Connection: keep-alive\r\n", "Connection: close\r\n"};

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
  std::vector<ResponseText> texts;  // What the views in `table` point into.
  std::vector<std::string> bytes;
  std::vector<std::size_t> date_offset;
  std::vector<Response> table;
  std::size_t run_budget_bytes = kRunsBytesMax;

  void build(const ResponseText& text, Persistence persistence);
  std::size_t copies_of(const ResponseText& text, Persistence persistence,
                        std::size_t answer_bytes);
};

/// Only what is answered often, and to those who pipeline, is worth the memory.
std::size_t ResponseSet::Storage::copies_of(const ResponseText& text, Persistence persistence,
                                            std::size_t answer_bytes) {
  const bool is_success = text.status == 200 || text.status == 204;
  const std::size_t copies = kRunBytes / answer_bytes;
  if (persistence != Persistence::kKeepAlive || !is_success || copies < 2) return 1;
  if (run_budget_bytes < copies * answer_bytes) return 1;
  run_budget_bytes -= copies * answer_bytes;
  return copies;
}

void ResponseSet::Storage::build(const ResponseText& text, Persistence persistence) {
  std::string& out = bytes.emplace_back();
  out = "HTTP/1.1 " + std::to_string(text.status) + " " + text.reason + "\r\nDate: ";
  date_offset.push_back(out.size());
  out += kEpochDate;
  out += "\r\n";
  if (!text.content_type.empty()) out += "Content-Type: " + text.content_type + "\r\n";
  if (text.has_length) out += "Content-Length: " + std::to_string(text.body.size()) + "\r\n";
  out += text.headers;
  out += kConnectionHeaders[static_cast<std::size_t>(persistence)];
  out += "\r\n";
  Response response;
  response.head_bytes = static_cast<std::uint32_t>(out.size());
  out += text.body;
  response.total_bytes = static_cast<std::uint32_t>(out.size());
  const std::size_t copies = copies_of(text, persistence, out.size());
  const std::string one = out;
  for (std::size_t i = 1; i < copies; ++i) out += one;
  response.bytes = out.data();
  response.run_bytes = static_cast<std::uint32_t>(out.size());
  response.status = text.status;
  response.id = text.id;
  if (text.has_length) response.content_length = static_cast<std::int32_t>(text.body.size());
  response.content_type = text.content_type;
  response.result_type = sort_of(text.id).result_type;
  response.detailed_result_type = sort_of(text.id).detailed_result_type;
  table.push_back(response);
}

ResponseText plain_response_text(ResponseId id) {
  const Sort& sort = sort_of(id);
  ResponseText text;
  text.id = id;
  text.status = sort.status;
  text.reason = sort.reason;
  text.headers = sort.headers;
  if (id == ResponseId::kPixel) {
    text.content_type = "image/gif";
    text.body.assign(kPixelGif.begin(), kPixelGif.end());
  } else if (id == ResponseId::kRecords) {
    text.content_type = "application/json";
    text.has_length = false;
  } else if (sort.status == 204) {
    text.has_length = false;  // RFC 9110 section 8.6.
  } else {
    text.content_type = "text/plain";
    text.body = id == ResponseId::kOk ? "ok" : std::string(sort.reason) + "\n";
  }
  return text;
}

std::string_view response_name(ResponseId id) noexcept { return sort_of(id).name; }

ResponseSet::ResponseSet(std::span<const ResponseText> route_texts)
    : storage_(std::make_unique<Storage>()) {
  Storage& storage = *storage_;
  for (std::size_t id = 0; id < kResponseCount; ++id) {
    storage.texts.push_back(plain_response_text(static_cast<ResponseId>(id)));
  }
  storage.texts.insert(storage.texts.end(), route_texts.begin(), route_texts.end());
  // Addresses of short strings move with their vector: it never grows after this.
  storage.bytes.reserve(storage.texts.size() * kPersistenceCount);
  for (const ResponseText& text : storage.texts) {
    for (std::size_t persistence = 0; persistence < kPersistenceCount; ++persistence) {
      storage.build(text, static_cast<Persistence>(persistence));
    }
  }
  table_ = storage.table.data();
}

ResponseSet::~ResponseSet() = default;

void ResponseSet::set_date(std::int64_t unix_seconds) noexcept {
  char date[kDateBytes];
  write_date(date, unix_seconds);
  for (std::size_t i = 0; i < storage_->bytes.size(); ++i) {
    std::string& bytes = storage_->bytes[i];
    const std::size_t step = storage_->table[i].total_bytes;
    for (std::size_t at = storage_->date_offset[i]; at < bytes.size(); at += step) {
      std::memcpy(bytes.data() + at, date, kDateBytes);
    }
  }
}

}  // namespace pixel::edge
