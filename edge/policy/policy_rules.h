// SPDX-License-Identifier: Apache-2.0
// The inside of Policy and PolicyState. Built at boot and at reload (COLD); judge reads it, HOT.
// Rules are immutable and shared by the workers; Storage is one worker's.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "edge/policy/anonymise.h"
#include "edge/policy/bots.h"
#include "edge/policy/consent.h"
#include "edge/policy/limiter.h"
#include "edge/policy/policy.h"
#include "edge/policy/query_deny.h"
#include "edge/policy/visitor.h"

namespace pixel::edge {

/// The longest head there is; what is hidden in a query or a Referer is written over here.
inline constexpr std::size_t kHiddenBytesMax = 64 * 1024;

struct Policy::Rules {
  // Signals, by what is done with them.
  std::uint8_t watched = 0;  // Looked for at all.
  std::uint8_t anonymising = 0;
  std::uint8_t dropping = 0;

  ConsentRules consent;
  AddressRules address;
  bool log_user_agent = true;
  bool log_referer = true;
  bool log_cookies = false;
  QueryDeny query_deny;
  std::optional<VisitorRules> visitor;
  BotMatcher bots;
  std::optional<LimiterOptions> limit;

  SipBytes worker_secret{};  // Drawn for each Policy; every state derives its own key.
  mutable std::atomic<std::uint64_t> states_made{0};  // Relaxed: only its values matter.
};

struct PolicyState::Storage {
  Storage(const Policy::Rules& rules, const SipBytes& key);

  std::array<char, kAddressTextBytesMax> address;
  std::array<char, kAddressTextBytesMax> forwarded_for;
  AddressSalt salt;
  VisitorScratch visitor;
  std::optional<Limiter> limiter;
  // Empty where nothing is ever hidden.
  std::unique_ptr<char[]> hidden;  // kHiddenBytesMax for the query, as much for the Referer.
  std::span<char> query;
  std::span<char> referer;
};

}  // namespace pixel::edge
