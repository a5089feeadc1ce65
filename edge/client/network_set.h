// SPDX-License-Identifier: Apache-2.0
// A set of networks in CIDR notation. Built at boot (COLD); contains() is HOT. Immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "edge/client/ip_address.h"

namespace pixel::edge {

class NetworkSet {
 public:
  NetworkSet() = default;
  /// "10.0.0.0/8", "2001:db8::/32", "192.0.2.1". An error names the text; bits behind the prefix
  /// must be 0 ("10.0.0.1/8" is an error that offers 10.0.0.0/8).
  static base::Result<NetworkSet> parse(const std::vector<std::string>& networks);

  bool empty() const noexcept { return networks_.empty(); }
  bool contains(const IpAddress& address) const noexcept;

 private:
  struct Network {
    IpAddress address;
    std::uint8_t prefix_bits;  // Of 128.
  };
  std::vector<Network> networks_;
};

}  // namespace pixel::edge
