// SPDX-License-Identifier: Apache-2.0
// What a request's line may say of a person, and who is answered without one: opt-outs, anonymous
// mode, visitor cookies, masked addresses, bots, limits. Built at boot and at reload (COLD); judge
// is HOT where anything is switched on. Rules are immutable and shared; PolicyState is one
// worker's. Everything happens here, before the first byte of a line is written.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "edge/client/ip_address.h"
#include "edge/http/request_view.h"
#include "edge/policy/policy_options.h"

namespace pixel::edge {

/// Signals of a request that was answered and logged; bits. signal_text has the words.
enum Signal : std::uint8_t { kOptOut = 1, kAnonymous = 2, kPrefetch = 4, kBot = 8 };
/// Field 29 for a set of signals, in this order: "OptOut", "Prefetch+Bot", ...; empty for none. The
/// view is static.
std::string_view signal_text(std::uint8_t signals) noexcept;

/// Room for Judgement::headers: two Set-Cookie lines of the longest kind.
inline constexpr std::size_t kPolicyHeaderBytesMax = 1016;

/// What judge decides. Views point into the request, into `full_address`, or into the PolicyState
/// until the next judge.
struct Judgement {
  bool drop = false;         // Answer, but write no line and no event.
  bool limited = false;      // 429 instead of the answer; logged as LimitExceeded, unless dropped.
  std::uint8_t signals = 0;  // Also of requests that are dropped or limited.
  // What the line says instead of what the request says.
  std::string_view client_address;  // Field 5: full, masked, a hash ("h" and 22 characters) or
                                    // "0.0.0.0".
  std::uint16_t client_port = 0;    // 0 when the address is not full.
  std::string_view forwarded_for;   // Field 20: one address or empty; treated like field 5.
  std::string_view query;           // Without the values of denied parameters.
  std::string_view referer;         // Its query likewise.
  std::string_view user_agent;
  std::string_view
      cookie;  // All cookies as they came, else "<name>=<id>" of the visitor, or empty.
  std::string_view visitor;  // The visitor's id; empty where none is kept.
  std::string_view headers;  // Whole lines for the answer (Set-Cookie); often empty.
};

class Policy;

/// A worker's part: scratch, limiter, random ids. All memory is taken at construction. Each reload
/// makes a new one: its limiter begins with full buckets.
class PolicyState {
 public:
  explicit PolicyState(const Policy& policy);  // COLD
  ~PolicyState();

 private:
  friend class Policy;
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

class Policy {
 public:
  /// Nothing is switched on.
  Policy();
  ~Policy();
  /// Reads the agents file. An error names the option, or the file and its line.
  static base::Result<std::unique_ptr<Policy>> create(const PolicyOptions& options);

  /// False: wants is false for every request.
  bool is_active() const noexcept { return active_ || anonymous_header_; }

  /// Whether an opt-out may be in the part of a head that was not understood: its line then says
  /// nothing of the person.
  bool hides_faults() const noexcept { return hides_faults_; }

  /// Whether this request has to be judged. False: judge would change nothing; the line says what
  /// the request says, but no cookie, and first_forwarded_for (forwarded_for.h) as field 20.
  bool wants(const RequestView& request) const noexcept {
    return active_ || (anonymous_header_ && request.extra.has(ExtraHeader::kAnonymous));
  }

  /// REQUIRES: wants(request), and `state` was made from this policy. `full_address` is the text of
  /// `address`; `now_ns` is monotonic, `unix_seconds` the wall's. `is_visit` is false for what has
  /// no visitor: a script, a preflight, a path that does not exist.
  void judge(const RequestView& request, const IpAddress& address, std::string_view full_address,
             std::uint16_t port, std::uint64_t now_ns, std::int64_t unix_seconds, bool is_visit,
             PolicyState& state, Judgement& judgement) const noexcept;

 private:
  friend class PolicyState;
  struct Rules;
  struct Client {
    const IpAddress& address;
    std::string_view text;
    std::uint16_t port;
  };

  static base::Status fill(const PolicyOptions& options, Rules& rules);
  static bool changes_plain_requests(const PolicyOptions& options);
  std::uint8_t find_signals(const RequestView& request) const noexcept;
  void judge_address(const RequestView& request, const Client& client, std::int64_t unix_seconds,
                     PolicyState& state, Judgement& judgement) const noexcept;
  void judge_person(const RequestView& request, std::int64_t unix_seconds, bool is_visit,
                    PolicyState& state, Judgement& judgement) const noexcept;
  void judge_anonymous(const RequestView& request, bool is_visit, PolicyState& state,
                       Judgement& judgement) const noexcept;

  std::unique_ptr<const Rules> rules_;
  bool active_ = false;
  bool anonymous_header_ = false;
  bool hides_faults_ = false;
};

}  // namespace pixel::edge
