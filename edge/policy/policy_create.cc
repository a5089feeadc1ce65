// SPDX-License-Identifier: Apache-2.0
// COLD: builds the rules of a Policy from its options, and a worker's state from the rules. An
// option that cannot be meant is an error that names its key.
#include <sys/random.h>

#include <cerrno>
#include <limits>
#include <memory>
#include <utility>

#include "base/file.h"
#include "edge/policy/option_checks.h"
#include "edge/policy/policy.h"
#include "edge/policy/policy_rules.h"

namespace pixel::edge {
namespace {

constexpr std::uint32_t kRequestsPerSecondMax = 1'000'000;
constexpr std::uint32_t kLimitAddressesMax = 1U << 24;  // 256 MiB a worker.

base::Status check_privacy(const PolicyOptions& options) {
  if (!options.opt_out_cookie.empty() && !is_cookie_name(options.opt_out_cookie)) {
    return option_error("privacy.opt_out_cookie", "expected a cookie's name, found \"{}\"",
                        options.opt_out_cookie);
  }
  if (options.mask_v4_bits > 32) {
    return option_error("privacy.mask_v4_bits", "expected 0 to 32, found {}", options.mask_v4_bits);
  }
  if (options.mask_v6_bits > 128) {
    return option_error("privacy.mask_v6_bits", "expected 0 to 128, found {}",
                        options.mask_v6_bits);
  }
  for (const std::string& name : options.query_deny) {
    if (name.empty()) return option_error("privacy.query_deny", "an empty name");
  }
  if (options.address != AddressPrivacy::kHash) return base::ok_status();
  if (options.hash_rotation_ns < base::kSecondNs) {
    return option_error("privacy.hash_rotation", "expected at least 1s");
  }
  // All zero is what nobody has filled in; hashed with it, every address could be found again.
  if (options.hash_secret == SipBytes{}) {
    return option_error("privacy.address", "\"hash\" needs a secret, and none was drawn");
  }
  return base::ok_status();
}

base::Status check_bots(const PolicyOptions& options) {
  constexpr std::string_view kExpected =
      "expected \"ignore\", \"flag\" or \"drop\": to anonymise says nothing of a robot";
  if (options.on_bot == SignalAction::kAnonymise)
    return option_error("bots.on_bot", "{}", kExpected);
  if (options.on_prefetch == SignalAction::kAnonymise) {
    return option_error("bots.on_prefetch", "{}", kExpected);
  }
  return base::ok_status();
}

base::Status check_limit(const PolicyOptions& options) {
  if (options.requests_per_second == 0) return base::ok_status();
  if (options.requests_per_second > kRequestsPerSecondMax) {
    return option_error("rate_limit.requests_per_second", "expected at most {}, found {}",
                        kRequestsPerSecondMax, options.requests_per_second);
  }
  if (options.addresses_max == 0 || options.addresses_max > kLimitAddressesMax) {
    return option_error("rate_limit.addresses_max", "expected 1 to {}, found {}",
                        kLimitAddressesMax, options.addresses_max);
  }
  return base::ok_status();
}

base::Result<SipBytes> draw_secret() {
  SipBytes secret{};
  while (true) {
    // 16 bytes come whole or not at all (getrandom(2)).
    const ssize_t count = ::getrandom(secret.data(), secret.size(), 0);
    if (count == static_cast<ssize_t>(secret.size())) return secret;
    if (count < 0 && errno != EINTR) {
      return base::errno_error("draw a secret from", "getrandom", errno);
    }
  }
}

AddressRules make_address_rules(const PolicyOptions& options) {
  AddressRules rules;
  rules.privacy = options.address;
  rules.v4_bits = options.mask_v4_bits;
  rules.v6_bits = options.mask_v6_bits;
  rules.rotation_seconds = static_cast<std::int64_t>(options.hash_rotation_ns / base::kSecondNs);
  rules.secret = options.hash_secret;
  return rules;
}

LimiterOptions make_limiter_options(const PolicyOptions& options) {
  LimiterOptions limit;
  limit.requests_per_second = options.requests_per_second;
  limit.burst = options.burst == 0 ? options.requests_per_second : options.burst;
  limit.addresses_max = options.addresses_max;
  return limit;
}

// An opt-out that is dropped is anonymous too: its visitor is forgotten, and nothing of it is left
// for whoever reads the judgement.
void set_signal(std::uint8_t& watched, std::uint8_t& anonymising, std::uint8_t& dropping,
                Signal signal, SignalAction action) {
  if (action == SignalAction::kIgnore) return;
  watched |= signal;
  if (action == SignalAction::kDrop) dropping |= signal;
  if (action == SignalAction::kAnonymise || (action == SignalAction::kDrop && signal == kOptOut)) {
    anonymising |= signal;
  }
}

}  // namespace

Policy::Policy() = default;
Policy::~Policy() = default;

base::Status Policy::fill(const PolicyOptions& options, Rules& rules) {
  const auto set = [&rules](Signal signal, SignalAction action) {
    set_signal(rules.watched, rules.anonymising, rules.dropping, signal, action);
  };
  set(kOptOut, options.on_opt_out);
  set(kAnonymous, options.anonymous_header ? SignalAction::kAnonymise : SignalAction::kIgnore);
  set(kPrefetch, options.on_prefetch);
  set(kBot, options.on_bot);
  rules.consent = {options.dnt, options.gpc, options.opt_out_cookie};
  rules.address = make_address_rules(options);
  rules.log_user_agent = options.log_user_agent;
  rules.log_referer = options.log_referer;
  rules.log_cookies = options.log_cookies;
  rules.query_deny = QueryDeny(options.query_deny);
  if (options.requests_per_second > 0) rules.limit = make_limiter_options(options);
  if (options.visitor) {
    auto visitor = make_visitor_rules(options);
    if (!visitor) return visitor.error();
    rules.visitor = std::move(*visitor);
  }
  if (options.on_bot != SignalAction::kIgnore) {
    if (options.agents_file.empty()) {
      rules.bots = BotMatcher(built_in_agents());
    } else {
      auto agents = read_agents(options.agents_file);
      if (!agents) return agents.error();
      rules.bots = BotMatcher(*agents);
    }
  }
  auto secret = draw_secret();
  if (!secret) return secret.error();
  rules.worker_secret = *secret;
  return base::ok_status();
}

bool Policy::changes_plain_requests(const PolicyOptions& options) {
  return options.on_opt_out != SignalAction::kIgnore || options.on_bot != SignalAction::kIgnore ||
         options.on_prefetch != SignalAction::kIgnore || options.address != AddressPrivacy::kFull ||
         !options.log_user_agent || !options.log_referer || options.log_cookies ||
         !options.query_deny.empty() || options.visitor || options.requests_per_second > 0;
}

base::Result<std::unique_ptr<Policy>> Policy::create(const PolicyOptions& options) {
  for (const auto& check : {check_privacy, check_bots, check_limit}) {
    if (auto status = check(options); !status) return status.error();
  }
  auto rules = std::make_unique<Rules>();
  if (auto status = fill(options, *rules); !status) return status.error();
  auto policy = std::make_unique<Policy>();
  policy->rules_ = std::move(rules);
  policy->active_ = changes_plain_requests(options);
  policy->anonymous_header_ = options.anonymous_header;
  policy->hides_faults_ =
      options.on_opt_out == SignalAction::kAnonymise || options.on_opt_out == SignalAction::kDrop;
  return policy;
}

PolicyState::Storage::Storage(const Policy::Rules& rules, const SipBytes& key)
    : visitor(siphash128(key, std::uint64_t{0})) {
  if (rules.limit) limiter.emplace(*rules.limit, siphash128(key, std::uint64_t{1}));
  if (rules.query_deny.empty() && !(rules.visitor && rules.anonymising != 0)) return;
  hidden = std::make_unique<char[]>(2 * kHiddenBytesMax);
  query = {hidden.get(), kHiddenBytesMax};
  referer = {hidden.get() + kHiddenBytesMax, kHiddenBytesMax};
}

PolicyState::PolicyState(const Policy& policy) {
  if (policy.rules_ == nullptr) return;
  const Policy::Rules& rules = *policy.rules_;
  const std::uint64_t number = rules.states_made.fetch_add(1, std::memory_order_relaxed);
  storage_ = std::make_unique<Storage>(rules, siphash128(rules.worker_secret, number));
}

PolicyState::~PolicyState() = default;

}  // namespace pixel::edge
