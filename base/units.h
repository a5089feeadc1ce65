// SPDX-License-Identifier: Apache-2.0
// Sizes and durations as operators write them: "64MiB", "620s". COLD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pixel::base {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

inline constexpr std::uint64_t kMicrosecondNs = 1000;
inline constexpr std::uint64_t kMillisecondNs = 1000 * kMicrosecondNs;
inline constexpr std::uint64_t kSecondNs = 1000 * kMillisecondNs;

/// Reads "0", "512B", "64KiB", "64MiB", "2GiB" (or KB, MB, GB: powers of 1000). A unit is required
/// except for 0; nothing where the text is anything else or overflows 64 bits.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

/// Reads "0", "250us", "20ms", "60s", "5m", "24h", "30d" into nanoseconds; else nothing.
std::optional<std::uint64_t> parse_duration_ns(std::string_view text);

/// The shortest exact spelling that parse_bytes reads back: 67108864 is "64MiB".
std::string format_bytes(std::uint64_t bytes);

/// The shortest exact spelling that parse_duration_ns reads back.
std::string format_duration_ns(std::uint64_t ns);

}  // namespace pixel::base
