// SPDX-License-Identifier: Apache-2.0
// Where the published part of a segment ends. Pure; any thread.
//
// A writer copies a line's body into NUL bytes and stores its newline last. No byte of a line is
// NUL. So whatever mixture of old and new bytes a reader sees, all up to the last newline before
// the first NUL is whole: a line not completely visible still has a NUL before its newline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pixel::logfmt {

/// Bytes of `text` up to and with the last newline before its first NUL; 0 where there is none.
std::size_t published_bytes(std::string_view text) noexcept;

/// A part of a segment that holds no whole line: after a power loss, pages may be missing.
struct TornRange {
  std::uint64_t begin;  // Position in the segment.
  std::uint64_t end;
};

/// Everything recovery needs to know of an unsealed segment's bytes. published_end and each
/// hole's begin are the begin of a line, each hole's end that of a whole one.
struct RecoveryScan {
  std::uint64_t published_end = 0;    // Cut here: after the last whole line of the file.
  std::uint64_t torn_tail_bytes = 0;  // Non-NUL bytes after it.
  std::vector<TornRange> holes;       // NUL runs and torn lines before it.
};
/// Reads a segment of either kind. The first line after a NUL run counts as whole only if it is a
/// complete access line (33 fields, a full date), a complete JSON object, or a comment of ours.
RecoveryScan scan_for_recovery(std::string_view segment);

/// The longest line fill_hole writes: a follower's chunk is never filled by one.
inline constexpr std::uint64_t kFillerLineBytes = 4096;

/// Overwrites a hole with lines every reader skips: '#', dashes and a newline (one byte left: a
/// newline alone). Positions of later lines do not move. REQUIRES: hole lies within the segment.
void fill_hole(char* segment, const TornRange& hole) noexcept;

}  // namespace pixel::logfmt
