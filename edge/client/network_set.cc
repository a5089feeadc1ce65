// SPDX-License-Identifier: Apache-2.0
// See network_set.h. parse() is COLD, contains() HOT.
#include "edge/client/network_set.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

namespace pixel::edge {
namespace {

constexpr unsigned kV4BitsBefore = 96;  // An IPv4 prefix of n bits is one of 96 + n.

std::string text_of(const IpAddress& address) {
  char text[kAddressTextBytesMax];
  return std::string(text, format_address(address, text));
}

base::Error error_of(std::string_view network, std::string_view why) {
  return base::Error{"\"" + std::string(network) + "\" is no network: " + std::string(why)};
}

// `address` with the bits behind the first `prefix_bits` set to `ones`.
IpAddress with_rest(IpAddress address, unsigned prefix_bits, bool ones) {
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned kept = std::clamp(prefix_bits, 8 * i, 8 * i + 8) - 8 * i;
    const auto rest = static_cast<std::uint8_t>(0xff >> kept);
    address.bytes[i] =
        static_cast<std::uint8_t>(ones ? address.bytes[i] | rest : address.bytes[i] & ~rest);
  }
  return address;
}

std::optional<unsigned> parse_prefix(std::string_view text, unsigned bits_max) {
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (bits > bits_max || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return bits;
}

struct Network {
  IpAddress address;
  unsigned prefix_bits;  // Of 128.
};

base::Result<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const std::optional<IpAddress> address = parse_address(host);
  if (!address) {
    return error_of(text,
                    "expected an address with or without a prefix length, such as 192.0.2.1, "
                    "10.0.0.0/8 or 2001:db8::/32 (names and zones are not looked up)");
  }
  if (slash == std::string_view::npos) return Network{*address, 128};
  const bool dotted = host.find(':') == std::string_view::npos;
  const auto bits = parse_prefix(text.substr(slash + 1), dotted ? 32 : 128);
  if (!bits) {
    return error_of(text, dotted ? "an IPv4 prefix length is a number from 0 to 32"
                                 : "an IPv6 prefix length is a number from 0 to 128");
  }
  const Network network{*address, *bits + (dotted ? kV4BitsBefore : 0)};
  const IpAddress first = with_rest(*address, network.prefix_bits, false);
  if (first != *address) {
    return error_of(text, "bits behind the prefix are set; write " + text_of(first) +
                              std::string(text.substr(slash)) + ", or " + std::string(host) +
                              " for this address alone");
  }
  return network;
}

}  // namespace

base::Result<NetworkSet> NetworkSet::parse(const std::vector<std::string>& networks) {
  NetworkSet set;
  for (const std::string& text : networks) {
    const auto network = parse_network(text);
    if (!network) return network.error();
    const auto [address, prefix_bits] = *network;
    const bool is_v4 = address.is_v4() && prefix_bits >= kV4BitsBefore;
    (is_v4 ? set.v4_ : set.v6_).push_back({address, with_rest(address, prefix_bits, true)});
  }
  merge(set.v4_);
  merge(set.v6_);
  return set;
}

// Of two networks one holds the other or they do not meet: those inside others are dropped.
void NetworkSet::merge(std::vector<Range>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return a.first != b.first ? a.first < b.first : b.last < a.last;
  });
  std::size_t kept = 0;
  for (const Range& range : ranges) {
    if (kept > 0 && range.last <= ranges[kept - 1].last) continue;
    ranges[kept++] = range;
  }
  ranges.resize(kept);
}

bool NetworkSet::contains(const IpAddress& address) const noexcept {
  const std::vector<Range>& ranges = address.is_v4() ? v4_ : v6_;
  const auto behind =
      std::upper_bound(ranges.begin(), ranges.end(), address,
                       [](const IpAddress& one, const Range& range) { return one < range.first; });
  return behind != ranges.begin() && address <= std::prev(behind)->last;
}

}  // namespace pixel::edge
