// SPDX-License-Identifier: Apache-2.0
// HOT: judges one request; see policy.h. The order of decisions:
//   1. the limit by address; a refused request is judged on, so that its line says no more of a
//      person than any other,
//   2. signals; from them whether the request is dropped, and whether it is anonymous: an opt-out
//      that anonymises or drops, or SP-Anonymous,
//   3. the address, X-Forwarded-For, query, Referer and User-Agent,
//   4. the visitor: kept where a line is written for a request within the limit; forgotten (its
//      cookie expires) where the request is anonymous.
#include "edge/policy/policy.h"

#include "edge/policy/forwarded_for.h"
#include "edge/policy/policy_rules.h"
#include "edge/policy/prefetch.h"

namespace pixel::edge {
namespace {

constexpr std::string_view kSignalTexts[16] = {
    "",
    "OptOut",
    "Anonymous",
    "OptOut+Anonymous",
    "Prefetch",
    "OptOut+Prefetch",
    "Anonymous+Prefetch",
    "OptOut+Anonymous+Prefetch",
    "Bot",
    "OptOut+Bot",
    "Anonymous+Bot",
    "OptOut+Anonymous+Bot",
    "Prefetch+Bot",
    "OptOut+Prefetch+Bot",
    "Anonymous+Prefetch+Bot",
    "OptOut+Anonymous+Prefetch+Bot",
};

}  // namespace

std::string_view signal_text(std::uint8_t signals) noexcept { return kSignalTexts[signals & 15]; }

std::uint8_t Policy::find_signals(const RequestView& request) const noexcept {
  const Rules& rules = *rules_;
  unsigned signals = 0;
  if ((rules.watched & kOptOut) != 0 && is_opt_out(request, rules.consent)) signals |= kOptOut;
  if ((rules.watched & kAnonymous) != 0 && asks_anonymity(request)) signals |= kAnonymous;
  if ((rules.watched & kPrefetch) != 0 && is_prefetch(request)) signals |= kPrefetch;
  if ((rules.watched & kBot) != 0 && rules.bots.matches(request.user_agent)) signals |= kBot;
  return static_cast<std::uint8_t>(signals);
}

// Fields 5, 20 and the port. Only a full address goes out as it came in.
void Policy::judge_address(const RequestView& request, const Client& client,
                           std::int64_t unix_seconds, PolicyState& state,
                           Judgement& judgement) const noexcept {
  const AddressRules& rules = rules_->address;
  PolicyState::Storage& storage = *state.storage_;
  if (rules.privacy == AddressPrivacy::kNone) {
    judgement.client_address = kNoAddress;
    return;
  }
  const auto forwarded_for = first_forwarded_for(request);
  char* const forwarded_out = storage.forwarded_for.data();
  if (rules.privacy == AddressPrivacy::kFull) {
    judgement.client_address = client.text;
    judgement.client_port = client.port;
    if (forwarded_for) {
      judgement.forwarded_for = {forwarded_out, format_address(*forwarded_for, forwarded_out)};
    }
    return;
  }
  char* const out = storage.address.data();
  judgement.client_address = {
      out, write_private_address(rules, client.address, unix_seconds, storage.salt, out)};
  if (forwarded_for) {
    judgement.forwarded_for = {
        forwarded_out,
        write_private_address(rules, *forwarded_for, unix_seconds, storage.salt, forwarded_out)};
  }
}

void Policy::judge_person(const RequestView& request, std::int64_t unix_seconds, bool is_visit,
                          PolicyState& state, Judgement& judgement) const noexcept {
  const Rules& rules = *rules_;
  PolicyState::Storage& storage = *state.storage_;
  judgement.query = rules.query_deny.hide(request.query, {}, storage.query);
  if (rules.log_referer) {
    judgement.referer = rules.query_deny.hide_in_url(request.referer, storage.referer);
  }
  if (rules.log_user_agent) judgement.user_agent = request.user_agent;
  if (rules.log_cookies) judgement.cookie = request.cookie;
  if (!rules.visitor || !is_visit || judgement.limited || judgement.drop) return;
  const KeptVisitor kept = keep_visitor(request, *rules.visitor, unix_seconds, storage.visitor);
  judgement.visitor = kept.id;
  judgement.headers = kept.headers;
  if (!rules.log_cookies) judgement.cookie = kept.pair;
}

// The parameter that names the visitor says who it is: it is hidden like a denied one.
void Policy::judge_anonymous(const RequestView& request, bool is_visit, PolicyState& state,
                             Judgement& judgement) const noexcept {
  const Rules& rules = *rules_;
  PolicyState::Storage& storage = *state.storage_;
  const std::string_view id_parameter =
      rules.visitor ? std::string_view(rules.visitor->id_parameter) : std::string_view{};
  judgement.client_address = kNoAddress;
  judgement.query = rules.query_deny.hide(request.query, id_parameter, storage.query);
  if (rules.visitor && is_visit && !judgement.limited) {
    judgement.headers = forget_visitor(request, *rules.visitor, storage.visitor);
  }
}

void Policy::judge(const RequestView& request, const IpAddress& address,
                   std::string_view full_address, std::uint16_t port, std::uint64_t now_ns,
                   std::int64_t unix_seconds, bool is_visit, PolicyState& state,
                   Judgement& judgement) const noexcept {
  const Rules& rules = *rules_;
  std::optional<Limiter>& limiter = state.storage_->limiter;
  judgement = Judgement{};
  judgement.limited = limiter && !limiter->try_take(address, now_ns);
  judgement.signals = find_signals(request);
  judgement.drop = (judgement.signals & rules.dropping) != 0;
  if ((judgement.signals & rules.anonymising) != 0) {
    judge_anonymous(request, is_visit, state, judgement);
    return;
  }
  judge_address(request, {address, full_address, port}, unix_seconds, state, judgement);
  judge_person(request, unix_seconds, is_visit, state, judgement);
}

}  // namespace pixel::edge
