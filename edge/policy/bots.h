// SPDX-License-Identifier: Apache-2.0
// Whether a User-Agent names a robot: one pass over it, whatever the number of parts looked for.
// The automaton (Aho and Corasick, CACM 1975) is built at boot (COLD); matching is HOT. Immutable.
//
// A part is found anywhere in the agent, in any case. A part that begins with '!' takes back the
// shorter ones that end where it ends: with "bot" and "!cubot", telephones of that make are none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pixel::edge {

inline constexpr std::size_t kAgentPartBytesMax = 128;
inline constexpr std::size_t kAgentPartsBytesMax = 32 * 1024;  // All parts: bounds the table.

class BotMatcher {
 public:
  /// Finds nothing.
  BotMatcher() = default;
  /// COLD. REQUIRES: no part is empty, "!" or longer than kAgentPartBytesMax; all together are no
  /// more than kAgentPartsBytesMax.
  explicit BotMatcher(const std::vector<std::string>& parts);

  bool matches(std::string_view user_agent) const noexcept;

 private:
  bool matches_in_one_lane(std::string_view user_agent) const noexcept;

  // A state is the index of its row in next_; states from found_ on have found a part.
  std::array<std::uint8_t, 256> column_{};  // Of a byte; 0: in no part. Upper case is lower case's.
  std::vector<std::uint32_t> next_;         // Rows of one state for each column.
  std::uint32_t found_ = 0;
  std::size_t context_bytes_ = 0;  // How far back a state remembers: less than the longest part.
};

/// What the built-in list looks for. COLD.
std::vector<std::string> built_in_agents();
/// One part a line; empty lines and those that begin with '#' are none. COLD. An error names file
/// and line.
base::Result<std::vector<std::string>> read_agents(const std::filesystem::path& path);

}  // namespace pixel::edge
