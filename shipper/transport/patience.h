// SPDX-License-Identifier: Apache-2.0
// How long a call may stand still before it is given up and made again: an answer that was lost on
// the way looks like one that is slow. Only for calls that may be made twice (a token, a checkpoint
// that is compared): then giving up early costs work, and waiting long costs time after a fault.
// So it begins short, follows what the server needs, and gives a call that stood still more time
// with every second attempt: the first waits bound how late a sink goes on after a fault, and a
// server that is slow indeed is waited for in the end. COLD.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/config_reader.h"
#include "base/units.h"

namespace pixel::shipper {

/// Of one server; shared by all connections to it. Any thread.
class Patience {
 public:
  /// `first_ns`: the least there is. Retries after it and what is left to catch up fit into 5 s.
  explicit Patience(std::uint64_t first_ns = 2 * base::kSecondNs) : first_ns_(first_ns) {}

  std::uint64_t first_ns() const noexcept { return first_ns_; }
  /// How long `call` may be without a byte of progress, `most_ns` at most. `call` is the same
  /// number for each attempt at the same thing, and another one for anything else.
  std::uint64_t limit_ns(std::uint64_t call, std::uint64_t most_ns) const;
  /// `call` was given up for standing still.
  void stalled(std::uint64_t call);
  /// `call` was answered; in between nothing moved for `pause_ns` at most.
  void answered(std::uint64_t call, std::uint64_t pause_ns);
  /// The server says that it is still at an attempt that was given up: all limits double.
  void was_too_short();

 private:
  std::uint64_t base_ns() const;  // REQUIRES: mutex_ is held.

  struct Stalls {
    std::uint64_t call = 0;
    std::uint32_t count = 0;
  };
  const std::uint64_t first_ns_;
  mutable std::mutex mutex_;
  std::uint64_t pause_ns_ = 0;  // The longest of late, fading with every answer.
  std::vector<Stalls> stalls_;  // Oldest first; few at a time.
};

/// Reads patience: the first limit.
void read_patience(base::ConfigSection& section, std::shared_ptr<Patience>& patience);

/// Bytes that the kernel holds for the peer and the peer has not confirmed; 0 where `socket` is
/// none. While they become fewer, a request is on its way though its sender has nothing to do.
std::uint64_t unconfirmed_bytes(int socket);

}  // namespace pixel::shipper
