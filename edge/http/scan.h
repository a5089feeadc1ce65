// SPDX-License-Identifier: Apache-2.0
// Vectorised byte classes. HOT; pure. A scan turns a window of bytes into bit masks, 64 bytes a
// word, and the parser walks from bit to bit: one indirect call per window, not one per header.
// One file per instruction set; the best one is chosen once, at the first use. No read beyond the
// input, whatever the window.
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
/// input are not written; bits beyond the input are 0. A window of head masks holds most heads; a
/// pipelined burst wastes at most one window per request (request_parse_bench).
struct HeadMasks {
  static constexpr std::size_t kBlocks = 8;
  std::uint64_t name_end[kBlocks];   // Not a tchar (RFC 9110 section 5.6.2).
  std::uint64_t value_end[kBlocks];  // 0x00-0x1f but HTAB, and 0x7f.
};
struct TargetMasks {
  static constexpr std::size_t kBlocks = 2;
  std::uint64_t target_end[kBlocks];  // 0x00-0x20, 0x7f, '#' and '?'.
};

/// The scans of one instruction set. Each fills `masks` for the window at `offset`.
/// REQUIRES: offset < bytes.size().
struct ScanOps {
  const char* name;
  void (*head)(std::string_view bytes, std::size_t offset, HeadMasks& masks) noexcept;
  void (*target)(std::string_view bytes, std::size_t offset, TargetMasks& masks) noexcept;
};

/// The best scans for this CPU. Chosen once; any thread.
const ScanOps& best_scan() noexcept;
/// All scans that this CPU runs, scalar first, best last: for tests and benchmarks.
std::span<const ScanOps* const> supported_scans() noexcept;

extern const ScanOps kScalarScan;
#if defined(__x86_64__)
extern const ScanOps kSse42Scan;   // REQUIRES: a CPU with SSE4.2 (it uses SSSE3).
extern const ScanOps kAvx2Scan;    // REQUIRES: a CPU with AVX2.
extern const ScanOps kAvx512Scan;  // REQUIRES: a CPU with AVX-512BW.
#endif

/// Walks the masks of `bytes` forwards, filling windows as it goes. The masks are the caller's, so
/// that the rest of the walker stays in registers. REQUIRES: positions are never before the window,
/// that is, do not go back before the one that filled it.
template <class Masks>
class MaskScanner {
 public:
  using Fill = void (*)(std::string_view, std::size_t, Masks&) noexcept;
  static constexpr std::size_t kNone = std::string_view::npos;

  MaskScanner(Fill fill, std::string_view bytes, Masks& masks) noexcept
      : fill_(fill), bytes_(bytes), masks_(masks) {}

  /// The first position from `position` on whose bit is set, or kNone.
  template <auto kMember>
  std::size_t find(std::size_t position) noexcept {
    for (;;) {
      if (position >= window_end_) {
        if (position >= bytes_.size()) return kNone;
        fill_(bytes_, position, masks_);
        window_begin_ = position;
        window_end_ = position + std::min(kWindowBytes, bytes_.size() - position);
      }
      const std::size_t at = position - window_begin_;
      const std::uint64_t rest = (masks_.*kMember)[at / kScanBlockBytes] >> (at % kScanBlockBytes);
      if (rest != 0) return position + static_cast<std::size_t>(std::countr_zero(rest));
      position += kScanBlockBytes - at % kScanBlockBytes;
    }
  }

  /// `position`, or the beginning of the window when that is later: what find may be asked.
  std::size_t not_before_window(std::size_t position) const noexcept {
    return std::max(position, window_begin_);
  }

 private:
  static constexpr std::size_t kWindowBytes = Masks::kBlocks * kScanBlockBytes;

  Fill fill_;
  std::string_view bytes_;
  Masks& masks_;  // Not initialised: find reads only words that a fill wrote.
  std::size_t window_begin_ = 0;
  std::size_t window_end_ = 0;
};

}  // namespace pixel::edge
