// SPDX-License-Identifier: Apache-2.0
#include "shipper/sinks/http/http_verdict.h"

#include <gtest/gtest.h>

namespace pixel::shipper {
namespace {

using Kind = Verdict::Kind;

HttpResponse response_of(long status, std::string body = "", HttpHeaders headers = {}) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return response;
}

TEST(HttpVerdict, EveryStatusHasAMeaning) {
  const std::pair<long, Kind> cases[] = {
      {200, Kind::kAcked},    {201, Kind::kAcked},    {202, Kind::kAcked},
      {204, Kind::kAcked},    {100, Kind::kRetry},    {301, Kind::kRejected},
      {302, Kind::kRejected}, {308, Kind::kRejected}, {400, Kind::kSplit},
      {401, Kind::kRejected}, {402, Kind::kSplit},    {403, Kind::kRejected},
      {404, Kind::kRejected}, {405, Kind::kRejected}, {407, Kind::kRejected},
      {408, Kind::kRetry},    {409, Kind::kSplit},    {410, Kind::kRejected},
      {413, Kind::kSplit},    {415, Kind::kRejected}, {422, Kind::kSplit},
      {425, Kind::kRetry},    {429, Kind::kRetry},    {500, Kind::kRetry},
      {501, Kind::kRetry},    {502, Kind::kRetry},    {503, Kind::kRetry},
      {504, Kind::kRetry}};
  for (const auto& [status, kind] : cases) {
    EXPECT_EQ(http_verdict(response_of(status), 0, 2).kind, kind) << status;
  }
  // Whatever else a receiver makes up, none is lost and none counts as taken.
  for (long status = 0; status < 700; ++status) {
    const Kind kind = http_verdict(response_of(status), 0, 2).kind;
    EXPECT_EQ(kind == Kind::kAcked, status / 100 == 2) << status;
  }
}

TEST(HttpVerdict, ASingleRowIsTheOneToBlame) {
  for (const long status : {400L, 413L, 422L}) {
    const Verdict verdict = http_verdict(response_of(status, "bad\nfield"), 0, 1);
    ASSERT_EQ(verdict.kind, Kind::kRowsRejected) << status;
    ASSERT_EQ(verdict.faults.size(), 1U);
    EXPECT_NE(verdict.faults[0].reason.find(std::to_string(status) + ": bad field"),
              std::string::npos);
  }
}

TEST(HttpVerdict, HonoursRetryAfter) {
  const auto verdict = http_verdict(response_of(429, "", {{"retry-after", "7"}}), 0, 1);
  EXPECT_EQ(verdict.retry_after_ns, 7 * base::kSecondNs);
  EXPECT_TRUE(verdict.is_overload);
  EXPECT_EQ(http_verdict(response_of(503), 0, 1).retry_after_ns, base::kSecondNs);
  EXPECT_EQ(http_verdict(response_of(500), 0, 1).retry_after_ns, 0U);
  EXPECT_FALSE(http_verdict(response_of(500), 0, 1).is_overload);
  EXPECT_EQ(http_verdict(response_of(500, "", {{"retry-after", "3"}}), 0, 1).retry_after_ns,
            3 * base::kSecondNs);
}

TEST(HttpVerdict, RefusalsSayWhatToLookAt) {
  EXPECT_NE(http_verdict(response_of(401), 0, 1).reason.find("bearer_token"), std::string::npos);
  EXPECT_NE(http_verdict(response_of(404), 0, 1).reason.find("see url"), std::string::npos);
}

}  // namespace
}  // namespace pixel::shipper
