// SPDX-License-Identifier: Apache-2.0
// The scans with SSE4.2: 16 bytes a step. HOT; pure. The target attribute is on the
// functions, not on the file: a flag would let the linker pick this file's copy of an inline
// function for CPUs without SSE4.2.
#if defined(__x86_64__)

#include <immintrin.h>

#include "edge/http/scan.h"
#include "edge/http/scan_block.h"

#define PIXEL_TARGET [[gnu::target("sse4.2")]]

namespace pixel::edge {
namespace {

PIXEL_TARGET inline __m128i load(const void* data) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(data));
}

// 0xff where the byte is at most `limit`, unsigned.
PIXEL_TARGET inline __m128i at_most(__m128i bytes, char limit) noexcept {
  return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(limit)), bytes);
}

PIXEL_TARGET inline __m128i equal(__m128i bytes, char byte) noexcept {
  return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte));
}

PIXEL_TARGET inline std::uint64_t bits_of(__m128i flags) noexcept {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(flags));
}

// 0xff where the byte is no tchar.
PIXEL_TARGET inline __m128i is_name_end(__m128i bytes) noexcept {
  const __m128i nibble = _mm_set1_epi8(0x0f);
  const __m128i low = _mm_and_si128(bytes, nibble);
  const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble);
  const __m128i low_class = _mm_shuffle_epi8(load(kLowNibble), low);
  const __m128i high_class = _mm_shuffle_epi8(load(kHighNibble), high);
  const __m128i both = _mm_and_si128(low_class, high_class);
  // Class bits stay below 0x80, so "above 0" signed is "not 0".
  return _mm_cmpgt_epi8(both, _mm_setzero_si128());
}

PIXEL_TARGET inline __m128i is_value_end(__m128i bytes) noexcept {
  const __m128i control = _mm_andnot_si128(equal(bytes, '\t'), at_most(bytes, 0x1f));
  return _mm_or_si128(control, equal(bytes, 0x7f));
}

PIXEL_TARGET inline __m128i is_target_end(__m128i bytes) noexcept {
  const __m128i control = _mm_or_si128(at_most(bytes, 0x20), equal(bytes, 0x7f));
  return _mm_or_si128(control, _mm_or_si128(equal(bytes, '#'), equal(bytes, '?')));
}

PIXEL_TARGET void scan_head(std::string_view bytes, std::size_t offset, HeadStops& stops) noexcept {
  char copy[kScanBlockBytes];
  HeadStops::Carry carry = stops.carry;
  std::uint32_t* out = stops.positions;
  for (std::size_t block = 0; block < HeadStops::kBlocks && offset < bytes.size(); ++block) {
    const BlockSource source = locate_block(bytes, offset, copy);
    std::uint64_t others = 0;
    std::uint64_t controls = 0;
    for (unsigned at = 0; at < kScanBlockBytes; at += 16) {
      const __m128i part = load(source.data + at);
      others |= bits_of(is_name_end(part)) << at;
      controls |= bits_of(is_value_end(part)) << at;
    }
    const std::uint64_t stops_here =
        find_stops(carry, others >> source.shift, controls >> source.shift);
    out = put_positions(stops_here, offset, out);
    offset += kScanBlockBytes;
  }
  stops.carry = carry;
  stops.count = static_cast<std::uint32_t>(out - stops.positions);
}

PIXEL_TARGET void scan_target(std::string_view bytes, std::size_t offset,
                              TargetMasks& masks) noexcept {
  char copy[kScanBlockBytes];
  for (std::size_t block = 0; block < TargetMasks::kBlocks && offset < bytes.size(); ++block) {
    const BlockSource source = locate_block(bytes, offset, copy);
    std::uint64_t target_end = 0;
    for (unsigned at = 0; at < kScanBlockBytes; at += 16) {
      target_end |= bits_of(is_target_end(load(source.data + at))) << at;
    }
    masks.target_end[block] = target_end >> source.shift;
    offset += kScanBlockBytes;
  }
}

}  // namespace

const ScanOps kSse42Scan = {"sse4.2", scan_head, scan_target};

}  // namespace pixel::edge

#endif  // defined(__x86_64__)
