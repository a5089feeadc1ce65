// SPDX-License-Identifier: Apache-2.0
// The scans with AVX2: 32 bytes a step. HOT; pure. The target attribute is on the
// functions, not on the file: a flag would let the linker pick this file's copy of an inline
// function for CPUs without AVX2.
#if defined(__x86_64__)

#include <immintrin.h>

#include "base/cpu.h"
#include "edge/http/scan.h"
#include "edge/http/scan_block.h"

namespace pixel::edge {
namespace {

PIXEL_TARGET_AVX2 inline __m256i load(const void* data) noexcept {
  return _mm256_loadu_si256(static_cast<const __m256i*>(data));
}

// 0xff where the byte is at most `limit`, unsigned.
PIXEL_TARGET_AVX2 inline __m256i at_most(__m256i bytes, char limit) noexcept {
  return _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(limit)), bytes);
}

PIXEL_TARGET_AVX2 inline __m256i equal(__m256i bytes, char byte) noexcept {
  return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte));
}

PIXEL_TARGET_AVX2 inline std::uint64_t combine(__m256i low, __m256i high) noexcept {
  const auto low_bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(low));
  const auto high_bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(high));
  return low_bits | std::uint64_t{high_bits} << 32;
}

PIXEL_TARGET_AVX2 inline __m256i broadcast(const std::uint8_t (&table)[16]) noexcept {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(table)));
}

// 0xff where the byte is a tchar.
PIXEL_TARGET_AVX2 inline __m256i is_token(__m256i bytes) noexcept {
  const __m256i nibble = _mm256_set1_epi8(0x0f);
  const __m256i low = _mm256_and_si256(bytes, nibble);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
  const __m256i low_class = _mm256_shuffle_epi8(broadcast(kLowNibble), low);
  const __m256i high_class = _mm256_shuffle_epi8(broadcast(kHighNibble), high);
  return _mm256_cmpeq_epi8(_mm256_and_si256(low_class, high_class), _mm256_setzero_si256());
}

PIXEL_TARGET_AVX2 inline __m256i is_value_end(__m256i bytes) noexcept {
  const __m256i control = _mm256_andnot_si256(equal(bytes, '\t'), at_most(bytes, 0x1f));
  return _mm256_or_si256(control, equal(bytes, 0x7f));
}

PIXEL_TARGET_AVX2 inline __m256i is_target_end(__m256i bytes) noexcept {
  const __m256i control = _mm256_or_si256(at_most(bytes, 0x20), equal(bytes, 0x7f));
  return _mm256_or_si256(control, _mm256_or_si256(equal(bytes, '#'), equal(bytes, '?')));
}

PIXEL_TARGET_AVX2 void scan_head(std::string_view bytes, std::size_t offset,
                                 HeadStops& stops) noexcept {
  char copy[kScanBlockBytes];
  HeadStops::Carry carry = stops.carry;
  std::uint32_t* out = stops.positions;
  for (std::size_t block = 0; block < HeadStops::kBlocks && offset < bytes.size(); ++block) {
    const BlockSource source = locate_block(bytes, offset, copy);
    const __m256i low = load(source.data);
    const __m256i high = load(source.data + 32);
    const std::uint64_t others = ~combine(is_token(low), is_token(high)) >> source.shift;
    const std::uint64_t controls = combine(is_value_end(low), is_value_end(high)) >> source.shift;
    out = put_positions(find_stops(carry, others, controls), offset, out);
    offset += kScanBlockBytes;
  }
  stops.carry = carry;
  stops.count = static_cast<std::uint32_t>(out - stops.positions);
}

PIXEL_TARGET_AVX2 void scan_target(std::string_view bytes, std::size_t offset,
                                   TargetMasks& masks) noexcept {
  char copy[kScanBlockBytes];
  for (std::size_t block = 0; block < TargetMasks::kBlocks && offset < bytes.size(); ++block) {
    const BlockSource source = locate_block(bytes, offset, copy);
    const __m256i low = is_target_end(load(source.data));
    const __m256i high = is_target_end(load(source.data + 32));
    masks.target_end[block] = combine(low, high) >> source.shift;
    offset += kScanBlockBytes;
  }
}

}  // namespace

const ScanOps kAvx2Scan = {"avx2", scan_head, scan_target};

}  // namespace pixel::edge

#endif  // defined(__x86_64__)
