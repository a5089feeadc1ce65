// SPDX-License-Identifier: Apache-2.0
// One thing that does not add up, named so that an operator finds it. COLD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pixel::logs {

enum class DefectKind : std::uint8_t {
  kGap,         // Lines, rows or ids that should be there are not.
  kDuplicate,   // Lines, rows or ids that are there more than once.
  kTorn,        // Bytes that are no line.
  kMismatch,    // Two books of the same thing differ.
  kUnreadable,  // A file that should say something does not.
  kUnlogged,    // Answers given without a line, by configuration.
  kPending,     // Not delivered yet, where all should be.
};

inline std::string_view defect_kind_name(DefectKind kind) noexcept {
  constexpr std::string_view kNames[] = {"gap",        "duplicate", "torn",   "mismatch",
                                         "unreadable", "unlogged",  "pending"};
  return kNames[static_cast<std::size_t>(kind)];
}

struct Defect {
  DefectKind kind = DefectKind::kGap;
  std::string where;         // Segment, lane, boot, sink or file.
  std::string what;          // A sentence with the numbers.
  std::uint64_t amount = 0;  // Lines, rows or ids concerned; 0 where that has no meaning.
};

}  // namespace pixel::logs
