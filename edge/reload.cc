// SPDX-License-Identifier: Apache-2.0
// COLD: new settings for a server that goes on serving.
#include <chrono>
#include <thread>

#include "base/diagnostics.h"
#include "edge/server.h"

namespace pixel::edge {
namespace {

// A worker takes an offer within a second, and gives the old rules back a second later.
constexpr int kOffersMax = 300;
constexpr auto kOfferPause = std::chrono::milliseconds(10);

bool offer_patiently(WorkerControl& control, const std::shared_ptr<const Rules>& rules,
                     std::uint32_t head_bytes_max) {
  auto own = std::make_unique<WorkerRules>(rules, head_bytes_max);
  for (int tries = 0; tries < kOffersMax; ++tries) {
    if (control.try_offer(own)) return true;
    std::this_thread::sleep_for(kOfferPause);
  }
  return false;
}

}  // namespace

base::Status Server::reload(const EdgeConfig& config) {
  EdgeConfig wanted = config;
  wanted.policy.hash_secret = config_.policy.hash_secret;
  if (wanted.client.proxy_listen != config_.client.proxy_listen) {
    // Which listeners they are waits for a restart; so does who may use them.
    wanted.client.proxy_listen = config_.client.proxy_listen;
    wanted.client.proxy_from = config_.client.proxy_from;
  }
  auto rules = Rules::create(wanted);
  if (!rules) return rules.error();
  for (const auto& control : controls_) {
    if (!offer_patiently(*control, *rules, static_cast<std::uint32_t>(config_.head_bytes))) {
      return base::Error{"a worker does not take new settings: it is stuck"};
    }
  }
  rules_ = std::move(rules).value();
  refuse_when_full_ = !rules_->serve_when_full;
  const std::lock_guard lock(doors_);
  const bool pushes = statsd_ != nullptr || config_.statsd_address.empty();
  config_.statsd_address = config.statsd_address;
  config_.statsd_prefix = config.statsd_prefix;
  config_.statsd_interval_ns = config.statsd_interval_ns;
  // Where a successor has been given our doors, it pushes.
  if (pushes) {
    if (const auto started = start_statsd(); !started) {
      spdlog::warn("no metrics are pushed: {}", started.error().message);
    }
  }
  return base::ok_status();
}

}  // namespace pixel::edge
