// SPDX-License-Identifier: Apache-2.0
// A set of networks in CIDR notation. Built at boot (COLD); contains() is HOT. Immutable. Kept as
// sorted ranges that do not meet: a list of hundreds of networks costs one binary search.
#pragma once

#include <cstdint>
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
  /// must be 0 ("10.0.0.1/8" is an error that offers 10.0.0.0/8). "::/0" is all of IPv6 and
  /// nothing of IPv4; "::ffff:10.0.0.0/104" is 10.0.0.0/8.
  static base::Result<NetworkSet> parse(const std::vector<std::string>& networks);

  bool empty() const noexcept { return v4_.empty() && v6_.empty(); }
  bool contains(const IpAddress& address) const noexcept;

 private:
  /// From `first` to `last`, both included; by value, so that bytes compare as numbers.
  struct Range {
    IpAddress first;
    IpAddress last;
  };
  static void merge(std::vector<Range>& ranges);

  std::vector<Range> v4_;
  std::vector<Range> v6_;
};

}  // namespace pixel::edge
