// SPDX-License-Identifier: Apache-2.0
// Requests for the policy's tests, and judging one: field by field, as the parser would fill them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "edge/http/request_view.h"
#include "edge/policy/policy.h"

namespace pixel::edge::test {

inline RequestView request_with(ExtraHeader header, std::string_view value) {
  RequestView request;
  request.extra.set(header, value);
  return request;
}

/// What a browser sends from a shop's page, with a visitor's cookie.
inline RequestView browser_request() {
  RequestView request;
  request.method = Method::kGet;
  request.path = "/pixel.gif";
  request.query = "a=view&email=me%40example.com&nuid=";
  request.referer = "https://www.shop.example/basket?email=me&b=2";
  request.user_agent =
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
      "Chrome/131.0.0.0 Safari/537.36";
  request.cookie = "_ga=GA1.2.3; pe_visitor=visitor-1; theme=dark";
  request.forwarded_for.add("198.51.100.77, 10.0.0.1");
  return request;
}

inline IpAddress address_of(std::string_view text) {
  const auto address = parse_address(text);
  CHECK(address.has_value());
  return *address;
}

/// A policy and one worker's state of it.
class Judge {
 public:
  explicit Judge(const PolicyOptions& options) {
    auto created = Policy::create(options);
    CHECK(created.ok());
    policy = std::move(*created);
    state = std::make_unique<PolicyState>(*policy);
  }

  /// REQUIRES: policy->wants(request).
  Judgement operator()(const RequestView& request, std::string_view address = "203.0.113.9") {
    CHECK(policy->wants(request));
    address_text = address;
    Judgement judgement;
    policy->judge(request, address_of(address), address_text, 4711, now_ns, unix_seconds, is_visit,
                  *state, judgement);
    return judgement;
  }

  std::unique_ptr<Policy> policy;
  std::unique_ptr<PolicyState> state;
  std::uint64_t now_ns = 1'000'000'000'000;
  std::int64_t unix_seconds = 1'795'212'900;  // 2026-11-20T22:15:00Z
  bool is_visit = true;
  std::string address_text;
};

}  // namespace pixel::edge::test
