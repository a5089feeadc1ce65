// SPDX-License-Identifier: Apache-2.0
// COLD: see units.h.
#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace pixel::base {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first, so that formatting takes the first that divides.
constexpr std::array<Unit, 7> kByteUnits{{{"GiB", kGiB},
                                          {"MiB", kMiB},
                                          {"KiB", kKiB},
                                          {"GB", 1'000'000'000},
                                          {"MB", 1'000'000},
                                          {"KB", 1'000},
                                          {"B", 1}}};
constexpr std::array<Unit, 7> kDurationUnits{{{"d", 86'400 * kSecondNs},
                                              {"h", 3'600 * kSecondNs},
                                              {"m", 60 * kSecondNs},
                                              {"s", kSecondNs},
                                              {"ms", kMillisecondNs},
                                              {"us", kMicrosecondNs},
                                              {"ns", 1}}};

std::optional<std::uint64_t> parse_with_units(std::string_view text, std::span<const Unit> units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (suffix.empty()) return number == 0 ? std::optional<std::uint64_t>(0) : std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != suffix) continue;
    if (number > std::numeric_limits<std::uint64_t>::max() / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

std::string format_with_units(std::uint64_t value, std::span<const Unit> units) {
  if (value == 0) return "0";
  for (const Unit& unit : units) {
    if (value % unit.factor == 0) return fmt::format("{}{}", value / unit.factor, unit.name);
  }
  return fmt::format("{}{}", value, units.back().name);
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  return parse_with_units(text, kByteUnits);
}
std::optional<std::uint64_t> parse_duration_ns(std::string_view text) {
  return parse_with_units(text, kDurationUnits);
}
std::string format_bytes(std::uint64_t bytes) { return format_with_units(bytes, kByteUnits); }
std::string format_duration_ns(std::uint64_t ns) { return format_with_units(ns, kDurationUnits); }

}  // namespace pixel::base
