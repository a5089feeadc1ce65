// SPDX-License-Identifier: Apache-2.0
// See clickhouse_verdict.h.
#include "shipper/sinks/clickhouse/clickhouse_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

#include "base/units.h"

namespace pixel::shipper {
namespace {

using Kind = ClickhouseOutcome::Kind;

constexpr std::size_t kShownBytes = 300;
constexpr std::string_view kCodePrefix = "Code: ";
// Merges or queries must end first: a pause that lets them.
constexpr std::uint64_t kOverloadPauseNs = 2 * base::kSecondNs;

struct CodeMeaning {
  int code;
  Kind kind;
  bool is_overload;
  const char* advice;
};

constexpr const char* kInit = "run pixel-shipper init";
constexpr const char* kSchema =
    "the table has other columns than the configuration: run pixel-shipper init, or alter one";
constexpr const char* kAccess = "see user and password";

// What is not here and has no HTTP status that says more is tried again.
constexpr CodeMeaning kMeanings[] = {
    {252, Kind::kRetry, true, "too many parts: it merges more slowly than we insert"},
    {241, Kind::kRetry, true, "its memory limit is reached"},
    {173, Kind::kRetry, true, "it cannot allocate memory"},
    {202, Kind::kRetry, true, "too many queries at once"},
    {203, Kind::kRetry, true, ""},
    {243, Kind::kRetry, true, "its disk is full"},
    {60, Kind::kRejected, false, kInit},
    {81, Kind::kRejected, false, kInit},
    {16, Kind::kRejected, false, kSchema},
    {10, Kind::kRejected, false, kSchema},
    {20, Kind::kRejected, false, kSchema},
    {47, Kind::kRejected, false, kSchema},
    {50, Kind::kRejected, false, kSchema},
    {62, Kind::kRejected, false, ""},
    {73, Kind::kRejected, false, ""},
    {115, Kind::kRejected, false, "it is too old for a setting that is configured"},
    {164, Kind::kRejected, false, "the user may only read"},
    {192, Kind::kRejected, false, kAccess},
    {193, Kind::kRejected, false, kAccess},
    {194, Kind::kRejected, false, kAccess},
    {195, Kind::kRejected, false, kAccess},
    {291, Kind::kRejected, false, kAccess},
    {497, Kind::kRejected, false, "the user lacks a privilege"},
    {516, Kind::kRejected, false, kAccess},
    {6, Kind::kBadRow, false, ""},
    {25, Kind::kBadRow, false, ""},
    {26, Kind::kBadRow, false, ""},
    {27, Kind::kBadRow, false, ""},
    {32, Kind::kBadRow, false, ""},
    {33, Kind::kBadRow, false, ""},
    {38, Kind::kBadRow, false, ""},
    {41, Kind::kBadRow, false, ""},
    {43, Kind::kBadRow, false, ""},
    {53, Kind::kBadRow, false, ""},
    {69, Kind::kBadRow, false, ""},
    {70, Kind::kBadRow, false, ""},
    {72, Kind::kBadRow, false, ""},
    {117, Kind::kBadRow, false, ""},
    {131, Kind::kBadRow, false, ""},
    {190, Kind::kBadRow, false, ""},
    {321, Kind::kBadRow, false, ""},
    {349, Kind::kBadRow, false, ""},
    {376, Kind::kBadRow, false, ""},
    {441, Kind::kBadRow, false, ""},
    {467, Kind::kBadRow, false, ""},
    {469, Kind::kBadRow, false, ""},
    {675, Kind::kBadRow, false, ""},
    {676, Kind::kBadRow, false, ""},
    {691, Kind::kBadRow, false, ""},
};

std::string shown(const HttpResponse& response) {
  // An exception after the beginning of an answer stands at its end.
  const std::size_t at = response.body.rfind(kCodePrefix);
  std::string text = response.body.substr(at == std::string::npos ? 0 : at, kShownBytes);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

ClickhouseOutcome by_status(const HttpResponse& response, std::int64_t now_s) {
  const std::string reason =
      fmt::format("the server answered {}: {}", response.status, shown(response));
  switch (response.status) {
    case 413:
      return {Kind::kTooLarge, reason, 0};
    case 401:
    case 403:
      return {Kind::kRejected, fmt::format("{} ({})", reason, kAccess), 0};
    case 404:
      return {Kind::kRejected, reason + " (see url)", 0};
    case 429:
    case 503:
      return {Kind::kRetry, reason, std::max(retry_after_ns(response, now_s), kOverloadPauseNs),
              true};
    default:
      return {Kind::kRetry, reason, retry_after_ns(response, now_s)};
  }
}

}  // namespace

int exception_code(const HttpResponse& response) {
  std::string_view text = response.header("x-clickhouse-exception-code");
  if (text.empty()) {
    const std::size_t at = response.body.rfind(kCodePrefix);
    const bool is_exception =
        at != std::string::npos && response.body.find("Exception", at) != std::string::npos;
    if (!is_exception) return 0;
    text = std::string_view(response.body).substr(at + kCodePrefix.size());
  }
  int code = 0;
  std::from_chars(text.data(), text.data() + text.size(), code);
  return code;
}

ClickhouseOutcome clickhouse_outcome(const HttpResponse& response, std::int64_t now_s) {
  const int code = exception_code(response);
  if (code == 0) {
    if (response.status == 200) return {};
    return by_status(response, now_s);
  }
  const auto* const meaning =
      std::find_if(std::begin(kMeanings), std::end(kMeanings),
                   [code](const auto& entry) { return entry.code == code; });
  const std::string reason = shown(response).empty()
                                 ? fmt::format("the server answered exception {}", code)
                                 : "the server answered " + shown(response);
  if (meaning == std::end(kMeanings))
    return {Kind::kRetry, reason, retry_after_ns(response, now_s)};
  const std::uint64_t pause_ns = retry_after_ns(response, now_s);
  const bool has_advice = meaning->advice[0] != '\0';
  return {meaning->kind, has_advice ? fmt::format("{} ({})", reason, meaning->advice) : reason,
          meaning->is_overload ? std::max(pause_ns, kOverloadPauseNs) : pause_ns,
          meaning->is_overload};
}

}  // namespace pixel::shipper
