// SPDX-License-Identifier: Apache-2.0
// Vectorised byte classes. HOT; pure. A scan says where the parser stops in a window of bytes: of a
// target as bit masks, 64 bytes a word, of a header block as positions. One indirect call per
// window, not one per header. One file per instruction set; the best one is chosen once, at the
// first use. No read beyond the input, whatever the window.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pixel::edge {

inline constexpr std::size_t kScanBlockBytes = 64;

/// Bit i of word b belongs to byte b * 64 + i of the window. Words of blocks that begin beyond the
/// input are not written; bits beyond the input are 0.
struct TargetMasks {
  static constexpr std::size_t kBlocks = 2;
  std::uint64_t target_end[kBlocks];  // 0x00-0x20, 0x7f, '#' and '?'.
};

/// Where the parser stops in one window of a header block. As long as each line so far was a name,
/// ':', a value and CRLF, these are, in order: of each line its name's end (the first byte that is
/// no tchar, RFC 9110 section 5.6.2) and its value's (the first control but HTAB behind that: its
/// CR). Behind a line that is none of these, the empty one too, stops mean nothing; the parser has
/// ended there. A window holds most heads; a pipelined burst wastes at most one per request
/// (request_parse_bench).
struct HeadStops {
  static constexpr std::size_t kBlocks = 8;
  /// What a block leaves to the next one, each 0 or 1.
  struct Carry {
    std::uint64_t was_control = 0;  // Its last byte.
    std::uint64_t begins_line = 1;  // The next byte.
    std::uint64_t is_in_name = 0;
  };
  Carry carry;
  std::uint32_t count = 0;
  std::uint32_t positions[kBlocks * kScanBlockBytes];  // Not initialised.
};

/// The scans of one instruction set. Each fills its result for the window at `offset`; a head's
/// windows follow each other. REQUIRES: offset < bytes.size().
struct ScanOps {
  const char* name;
  void (*head)(std::string_view bytes, std::size_t offset, HeadStops& stops) noexcept;
  void (*target)(std::string_view bytes, std::size_t offset, TargetMasks& masks) noexcept;
};

/// The best scans for this CPU. Chosen once; any thread.
const ScanOps& best_scan() noexcept;
/// All scans that this CPU runs, scalar first, best last: for tests and benchmarks.
std::span<const ScanOps* const> supported_scans() noexcept;

extern const ScanOps kScalarScan;
#if defined(__x86_64__)
extern const ScanOps kSse42Scan;   // REQUIRES: a CPU with SSE4.2 (it uses SSSE3).
extern const ScanOps kAvx2Scan;    // REQUIRES: base::cpu_has_avx2().
extern const ScanOps kAvx512Scan;  // REQUIRES: base::cpu_has_avx512().
#endif

/// Walks the masks of a target forwards, filling windows as it goes. The masks are the caller's, so
/// that the rest of the walker stays in registers. REQUIRES: positions are never before the window,
/// that is, do not go back before the one that filled it.
class TargetWalker {
 public:
  static constexpr std::size_t kNone = std::string_view::npos;

  TargetWalker(const ScanOps& scan, std::string_view bytes, TargetMasks& masks) noexcept
      : scan_(scan), bytes_(bytes), masks_(masks) {}

  /// The first position from `position` on whose bit is set, or kNone.
  std::size_t find(std::size_t position) noexcept {
    for (;;) {
      if (position >= window_end_) {
        if (position >= bytes_.size()) return kNone;
        scan_.target(bytes_, position, masks_);
        window_begin_ = position;
        window_end_ = position + std::min(kWindowBytes, bytes_.size() - position);
      }
      const std::size_t at = position - window_begin_;
      const std::uint64_t rest = masks_.target_end[at / kScanBlockBytes] >> (at % kScanBlockBytes);
      if (rest != 0) return position + static_cast<std::size_t>(std::countr_zero(rest));
      position += kScanBlockBytes - at % kScanBlockBytes;
    }
  }

 private:
  static constexpr std::size_t kWindowBytes = TargetMasks::kBlocks * kScanBlockBytes;

  const ScanOps& scan_;
  const std::string_view bytes_;
  TargetMasks& masks_;  // Not initialised: find reads only words that a fill wrote.
  std::size_t window_begin_ = 0;
  std::size_t window_end_ = 0;
};

/// Walks the stops of a header block that begins at `begin`, window by window. The stops are the
/// caller's, so that the walker stays in registers.
class StopWalker {
 public:
  static constexpr std::size_t kNone = std::string_view::npos;

  StopWalker(const ScanOps& scan, std::string_view bytes, std::size_t begin,
             HeadStops& stops) noexcept
      : scan_(scan), bytes_(bytes), window_end_(begin), stops_(stops) {}

  /// The next stop, or kNone where the bytes end before it.
  std::size_t next() noexcept {
    if (at_ == count_ && !find_more()) [[unlikely]] {
      return kNone;
    }
    return stops_.positions[at_++];
  }

 private:
  // A window without a stop is the middle of a long value.
  bool find_more() noexcept {
    at_ = count_ = 0;
    while (count_ == 0 && window_end_ < bytes_.size()) {
      scan_.head(bytes_, window_end_, stops_);
      window_end_ += HeadStops::kBlocks * kScanBlockBytes;
      count_ = stops_.count;
    }
    return count_ != 0;
  }

  const ScanOps& scan_;
  const std::string_view bytes_;
  std::size_t window_end_;  // Where the next window begins.
  HeadStops& stops_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
};

}  // namespace pixel::edge
