// SPDX-License-Identifier: Apache-2.0
// See http_verdict.h.
#include "shipper/sinks/http/http_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/units.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kShownBytes = 200;
// Overloaded, and it does not say for how long.
constexpr std::uint64_t kOverloadPauseNs = base::kSecondNs;

// Of one line: it goes to logs and status screens.
std::string shown(const HttpResponse& response) {
  std::string text = response.body.substr(0, kShownBytes);
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }, ' ');
  return text.empty() ? "" : ": " + text;
}

Verdict retry_later(const HttpResponse& response, std::int64_t now_s) {
  Verdict verdict{Verdict::Kind::kRetry,
                  fmt::format("the receiver answered {}{}", response.status, shown(response)),
                  retry_after_ns(response, now_s),
                  {}};
  verdict.is_overload = response.status == 429 || response.status == 503;
  if (verdict.is_overload && verdict.retry_after_ns == 0) verdict.retry_after_ns = kOverloadPauseNs;
  return verdict;
}

Verdict narrow_down(const HttpResponse& response, std::uint64_t rows) {
  const std::string reason =
      fmt::format("the receiver refuses it with {}{}", response.status, shown(response));
  if (rows > 1) return {Verdict::Kind::kSplit, reason, 0, {}};
  return {Verdict::Kind::kRowsRejected, reason, 0, {{0, 0, reason}}};
}

// What no other row and no other moment changes.
const char* advice(long status) {
  switch (status) {
    case 401:
      return "it does not know us: see user, password, bearer_token and headers";
    case 403:
      return "it does not allow us that: see user, password, bearer_token and headers";
    case 404:
    case 410:
      return "there is nothing at that URL: see url";
    case 405:
      return "it takes no POST there: see url";
    case 407:
      return "the proxy wants credentials: see proxy";
    case 415:
      return "it does not take this content type or encoding: see body and gzip";
    default:
      return "it sends us elsewhere: see url";
  }
}

bool is_configuration(long status) {
  return status / 100 == 3 || status == 401 || status == 403 || status == 404 || status == 405 ||
         status == 407 || status == 410 || status == 415;
}

}  // namespace

Verdict http_verdict(const HttpResponse& response, std::int64_t now_s, std::uint64_t rows) {
  const long status = response.status;
  if (status / 100 == 2) return acked();
  if (status == 408 || status == 425 || status == 429 || status >= 500 || status < 300) {
    return retry_later(response, now_s);
  }
  if (is_configuration(status)) {
    return rejected(
        fmt::format("the receiver answered {}: {}{}", status, advice(status), shown(response)));
  }
  return narrow_down(response, rows);
}

}  // namespace pixel::shipper
