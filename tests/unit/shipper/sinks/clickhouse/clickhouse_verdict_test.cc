// SPDX-License-Identifier: Apache-2.0
#include "shipper/sinks/clickhouse/clickhouse_verdict.h"

#include <gtest/gtest.h>

#include "base/units.h"

namespace pixel::shipper {
namespace {

using Kind = ClickhouseOutcome::Kind;

// As a server answers: old ones without the header.
HttpResponse exception_of(int code, long status, bool has_header) {
  HttpResponse response;
  response.status = status;
  response.body = "Code: " + std::to_string(code) +
                  ", e.displayText() = DB::Exception: what happened, e.what() = DB::Exception\n";
  if (has_header) {
    response.headers.emplace_back("x-clickhouse-exception-code", std::to_string(code));
  }
  return response;
}

HttpResponse response_of(long status, std::string body = "", HttpHeaders headers = {}) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return response;
}

TEST(ClickhouseVerdict, ExceptionsByCodeWithAndWithoutTheirHeader) {
  const std::pair<int, Kind> cases[] = {
      {252, Kind::kRetry},    {241, Kind::kRetry},    {202, Kind::kRetry},
      {159, Kind::kRetry},    {209, Kind::kRetry},    {210, Kind::kRetry},
      {216, Kind::kRetry},    {225, Kind::kRetry},    {242, Kind::kRetry},
      {319, Kind::kRetry},    {999, Kind::kRetry},    {31337, Kind::kRetry},
      {60, Kind::kRejected},  {81, Kind::kRejected},  {16, Kind::kRejected},
      {47, Kind::kRejected},  {115, Kind::kRejected}, {192, Kind::kRejected},
      {516, Kind::kRejected}, {497, Kind::kRejected}, {27, Kind::kBadRow},
      {26, Kind::kBadRow},    {72, Kind::kBadRow},    {117, Kind::kBadRow},
      {349, Kind::kBadRow},   {469, Kind::kBadRow},   {376, Kind::kBadRow}};
  for (const auto& [code, kind] : cases) {
    for (const bool has_header : {false, true}) {
      const auto outcome = clickhouse_outcome(exception_of(code, 500, has_header), 0);
      EXPECT_EQ(outcome.kind, kind) << code;
      EXPECT_NE(outcome.reason.find("what happened"), std::string::npos);
    }
  }
}

TEST(ClickhouseVerdict, OverloadWaitsAndAsksForFewer) {
  for (const int code : {252, 241, 202}) {
    const auto outcome = clickhouse_outcome(exception_of(code, 500, true), 0);
    EXPECT_TRUE(outcome.is_overload) << code;
    EXPECT_GE(outcome.retry_after_ns, base::kSecondNs) << code;
  }
  EXPECT_FALSE(clickhouse_outcome(exception_of(210, 500, true), 0).is_overload);
}

TEST(ClickhouseVerdict, MissingTablesSayWhatToRun) {
  for (const int code : {60, 81}) {
    const auto outcome = clickhouse_outcome(exception_of(code, 404, false), 0);
    EXPECT_NE(outcome.reason.find("pixel-shipper init"), std::string::npos) << outcome.reason;
  }
}

// The server had sent its head when the insert failed.
TEST(ClickhouseVerdict, AnExceptionAfterStatus200IsNoSuccess) {
  EXPECT_EQ(clickhouse_outcome(exception_of(241, 200, false), 0).kind, Kind::kRetry);
  EXPECT_EQ(exception_code(response_of(200, "1\tfine\nCode: 241. DB::Exception: Memory limit")),
            241);
  EXPECT_EQ(exception_code(response_of(200, "Code: 7 of conduct\n")), 0);
}

TEST(ClickhouseVerdict, StatusOfWhatIsNoClickHouse) {
  EXPECT_EQ(clickhouse_outcome(response_of(200), 0).kind, Kind::kDone);
  EXPECT_EQ(clickhouse_outcome(response_of(204), 0).kind, Kind::kRetry);
  EXPECT_EQ(clickhouse_outcome(response_of(302), 0).kind, Kind::kRetry);
  EXPECT_EQ(clickhouse_outcome(response_of(401), 0).kind, Kind::kRejected);
  EXPECT_EQ(clickhouse_outcome(response_of(404, "nginx"), 0).kind, Kind::kRejected);
  EXPECT_EQ(clickhouse_outcome(response_of(413), 0).kind, Kind::kTooLarge);
  EXPECT_EQ(clickhouse_outcome(response_of(502), 0).kind, Kind::kRetry);
  const auto busy = clickhouse_outcome(response_of(503, "", {{"retry-after", "9"}}), 0);
  EXPECT_EQ(busy.kind, Kind::kRetry);
  EXPECT_EQ(busy.retry_after_ns, 9 * base::kSecondNs);
  EXPECT_TRUE(busy.is_overload);
}

}  // namespace
}  // namespace pixel::shipper
