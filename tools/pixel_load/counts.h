// SPDX-License-Identifier: Apache-2.0
// What one thread of a run counts. HOT to write: one thread stores; the progress line loads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/cacheline.h"

namespace pixel::load {

/// A total with one writer: add is a load and a store, not a locked instruction.
class Count {
 public:
  void add(std::uint64_t amount = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct alignas(base::kFalseSharingBytes) Counts {
  Count sent;                        // Requests.
  Count answered;                    // Complete answers of any status.
  std::array<Count, 6> by_class;     // answered by status / 100; [0] and [1] stay 0.
  Count measured;                    // Answers in the latencies: meant for after the warm-up.
  Count bytes_sent;                  // Of requests.
  Count bytes_received;              // Of answers.
  Count connects;                    // Connections that came about.
  Count connect_errors;              // Refused, unreachable, no socket.
  Count connections_lost;            // Reset or closed with requests unanswered.
  Count connections_closed_by_peer;  // Closed with none unanswered, or as an answer announced.
  Count closed_unannounced;          // Of those: no answer had said so.
  Count timeouts;                    // Connections given up because an answer did not come.
  Count unanswered;                  // Requests lost with their connection, or open at the end.
  Count malformed;                   // Answers that are not HTTP, or that nobody asked for.
  Count missed;                      // Open loop: requests meant to go that never went.
};

/// The counts by the names the JSON result gives them; by_class has its own.
struct CountName {
  const char* name;
  Count Counts::*count;
};
inline constexpr std::array kCountNames{
    CountName{"sent", &Counts::sent},
    CountName{"answered_total", &Counts::answered},
    CountName{"measured", &Counts::measured},
    CountName{"bytes_sent", &Counts::bytes_sent},
    CountName{"bytes_received", &Counts::bytes_received},
    CountName{"connects", &Counts::connects},
    CountName{"connect_errors", &Counts::connect_errors},
    CountName{"connections_lost", &Counts::connections_lost},
    CountName{"connections_closed_by_peer", &Counts::connections_closed_by_peer},
    CountName{"closed_unannounced", &Counts::closed_unannounced},
    CountName{"timeouts", &Counts::timeouts},
    CountName{"unanswered", &Counts::unanswered},
    CountName{"malformed", &Counts::malformed},
    CountName{"missed", &Counts::missed},
};

/// Adds `from` to `to`.
inline void add_counts(const Counts& from, Counts& to) noexcept {
  for (const CountName& entry : kCountNames) (to.*entry.count).add((from.*entry.count).get());
  for (std::size_t i = 0; i < from.by_class.size(); ++i) to.by_class[i].add(from.by_class[i].get());
}

}  // namespace pixel::load
