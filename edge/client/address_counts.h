// SPDX-License-Identifier: Apache-2.0
// How many connections each address has. HOT: one worker's; all memory is taken at boot. Open
// addressing with backward-shift deletion: no tombstones, so a probe stays short for ever.
#pragma once

#include <cstdint>
#include <vector>

#include "edge/client/ip_address.h"

namespace pixel::edge {

/// What counts as one: an IPv4 address, or the /64 of an IPv6 one, which one subscriber has.
IpAddress counted_address(const IpAddress& address) noexcept;

class AddressCounts {
 public:
  /// For up to `addresses_max` addresses at a time; 0: counts nothing.
  explicit AddressCounts(std::uint32_t addresses_max);

  /// Adds one and returns the new count. REQUIRES: fewer than addresses_max connections counted.
  std::uint32_t add(const IpAddress& address) noexcept;
  /// REQUIRES: an add() of this address that has not been removed.
  void remove(const IpAddress& address) noexcept;

 private:
  struct Slot {
    IpAddress address;
    std::uint32_t count = 0;  // 0: free.
  };
  std::size_t home_of(const IpAddress& address) const noexcept;
  std::size_t find(const IpAddress& address) const noexcept;
  void close_gap(std::size_t gap) noexcept;

  std::vector<Slot> slots_;  // A power of two, at most half full.
  std::size_t mask_ = 0;
};

}  // namespace pixel::edge
