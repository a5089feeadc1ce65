// SPDX-License-Identifier: Apache-2.0
// What judging one browser's request costs: everything switched on, a visitor only, and the parts
// that cost most alone. Each run checks its result.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "edge/policy/bots.h"
#include "edge/policy/limiter.h"
#include "edge/policy/policy.h"

namespace pixel::edge {
namespace {

constexpr std::string_view kAgent =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36";
static_assert(kAgent.size() == 111);

RequestView browser_request() {
  RequestView request;
  request.query = "a=view&b=1732128720123&c=4f1c2a7e-9d53-4b16&d=https%3A%2F%2Fshop.example%2F";
  request.referer = "https://www.shop.example/basket";
  request.user_agent = kAgent;
  request.cookie =
      "_ga=GA1.2.1234567890.1700000000; _session_part=4f1c2a7e9d53; "
      "pe_visitor=3f6c1a52-0b7e-4c1d-9a55-1f2e3d4c5b6a; theme=dark";
  request.forwarded_for.add("198.51.100.77, 10.0.0.1");
  return request;
}

PolicyOptions everything() {
  PolicyOptions options;
  options.on_opt_out = SignalAction::kAnonymise;
  options.opt_out_cookie = "optout";
  options.address = AddressPrivacy::kHash;
  options.hash_secret = {1};
  options.query_deny = {"email", "phone", "token"};
  options.visitor = true;
  options.cookie_domains = {"blog.example", "shop.example"};
  options.readable_cookie_name = "pe_id";
  options.on_bot = SignalAction::kFlag;
  options.on_prefetch = SignalAction::kDrop;
  options.requests_per_second = 1'000'000;
  return options;
}

PolicyOptions visitor_only() {
  PolicyOptions options;
  options.visitor = true;
  return options;
}

PolicyOptions masked_only() {
  PolicyOptions options;
  options.address = AddressPrivacy::kMask;
  return options;
}

void judge(benchmark::State& run, const PolicyOptions& options) {
  const auto policy = Policy::create(options);
  if (!policy) {
    run.SkipWithError("no policy");
    return;
  }
  PolicyState state(**policy);
  RequestView request = browser_request();
  const IpAddress address = address_of_v4({203, 0, 113, 9});
  std::uint64_t now_ns = 1;
  for (auto _ : run) {
    benchmark::DoNotOptimize(request);
    Judgement judgement;
    (*policy)->judge(request, address, "203.0.113.9", 4711, now_ns += 2000, 1'795'212'900, true,
                     state, judgement);
    benchmark::DoNotOptimize(judgement);
    if (judgement.limited || judgement.signals != 0 || judgement.query != request.query ||
        (options.visitor && !judgement.headers.starts_with("Set-Cookie: pe_visitor=3f6c1a52"))) {
      run.SkipWithError("not judged as expected");
      return;
    }
  }
}

void match_agent(benchmark::State& run, std::string_view agent, bool expected) {
  const BotMatcher matcher(built_in_agents());
  for (auto _ : run) {
    const char* data = agent.data();
    benchmark::DoNotOptimize(data);
    if (matcher.matches({data, agent.size()}) != expected) {
      run.SkipWithError("not matched as expected");
      return;
    }
  }
}

// Addresses in an order that no cache foresees: 64 Ki of them, a table of a mebibyte.
void take_many_addresses(benchmark::State& run) {
  Limiter limiter({.requests_per_second = 1000, .burst = 1000, .addresses_max = 65'536},
                  SipBytes{1});
  std::uint32_t number = 1;
  std::uint64_t now_ns = 1;
  for (auto _ : run) {
    number = number * 1'664'525 + 1'013'904'223;
    const IpAddress address = address_of_v4(
        {10, 0, static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16)});
    if (!limiter.try_take(address, now_ns += 1000)) {
      run.SkipWithError("refused");
      return;
    }
  }
}

BENCHMARK_CAPTURE(judge, everything, everything());
BENCHMARK_CAPTURE(judge, visitor_only, visitor_only());
BENCHMARK_CAPTURE(judge, masked_only, masked_only());
BENCHMARK_CAPTURE(match_agent, browser_111, kAgent, false);
BENCHMARK_CAPTURE(match_agent, robot_72,
                  "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", true);
BENCHMARK(take_many_addresses);

}  // namespace
}  // namespace pixel::edge
