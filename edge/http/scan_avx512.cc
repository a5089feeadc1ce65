// SPDX-License-Identifier: Apache-2.0
// The scans with AVX-512: 64 bytes a step, their classes looked up in one table of 128, and a short
// last block is a masked load. HOT; pure. The target attribute is on the functions, not on the
// file: see scan_avx2.cc.
#if defined(__x86_64__)

#include <immintrin.h>

#include <array>

#include "base/cpu.h"
#include "edge/http/byte_class.h"
#include "edge/http/scan.h"
#include "edge/http/scan_block.h"

namespace pixel::edge {
namespace {

constexpr std::uint8_t kOther = 1;    // No tchar.
constexpr std::uint8_t kControl = 2;  // Ends a value.
constexpr std::array<std::uint8_t, 128> make_classes() {
  std::array<std::uint8_t, 128> classes{};
  for (unsigned byte = 0; byte < 128; ++byte) {
    const auto text = static_cast<char>(byte);
    classes[byte] = static_cast<std::uint8_t>((has_class(text, kTokenByte) ? 0 : kOther) |
                                              (has_class(text, kValueEndByte) ? kControl : 0));
  }
  return classes;
}
alignas(64) constexpr std::array<std::uint8_t, 128> kClasses = make_classes();

constexpr std::array<std::uint8_t, 64> make_places() {
  std::array<std::uint8_t, 64> places{};
  for (std::uint8_t i = 0; i < 64; ++i) places[i] = i;
  return places;
}
alignas(64) constexpr std::array<std::uint8_t, 64> kPlaces = make_places();

// The block at `offset`; beyond the input 'a', which ends nothing. Masked-out bytes are not read.
PIXEL_TARGET_AVX512 inline __m512i load(std::string_view bytes, std::size_t offset) noexcept {
  const std::size_t left = bytes.size() - offset;
  if (left >= kScanBlockBytes) [[likely]] {
    return _mm512_loadu_si512(bytes.data() + offset);
  }
  return _mm512_mask_loadu_epi8(_mm512_set1_epi8('a'), (__mmask64{1} << left) - 1,
                                bytes.data() + offset);
}

PIXEL_TARGET_AVX512 inline __mmask64 equal(__m512i bytes, char byte) noexcept {
  return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte));
}

PIXEL_TARGET_AVX512 inline __mmask64 at_most(__m512i bytes, char limit) noexcept {
  return _mm512_cmple_epu8_mask(bytes, _mm512_set1_epi8(limit));
}

// As put_positions, the first 16 of a block at once; few have more. Sixteen are written whether
// there are as many or not: before the last block's there are at most 448 of 512.
PIXEL_TARGET_AVX512 inline std::uint32_t* put_sixteen(std::uint64_t stops, std::size_t offset,
                                                      std::uint32_t* out) noexcept {
  const auto count = static_cast<std::size_t>(_mm_popcnt_u64(stops));
  if (count > 16) [[unlikely]] {
    return put_positions(stops, offset, out);
  }
  const __m512i places = _mm512_maskz_compress_epi8(stops, _mm512_load_si512(kPlaces.data()));
  const __m512i positions = _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_castsi512_si128(places)),
                                             _mm512_set1_epi32(static_cast<int>(offset)));
  _mm512_storeu_si512(out, positions);
  return out + count;
}

PIXEL_TARGET_AVX512 void scan_head(std::string_view bytes, std::size_t offset,
                                   HeadStops& stops) noexcept {
  const __m512i low = _mm512_load_si512(kClasses.data());
  const __m512i high = _mm512_load_si512(kClasses.data() + 64);
  HeadStops::Carry carry = stops.carry;
  std::uint32_t* out = stops.positions;
  for (std::size_t block = 0; block < HeadStops::kBlocks && offset < bytes.size(); ++block) {
    const __m512i text = load(bytes, offset);
    const __m512i classes = _mm512_permutex2var_epi8(low, text, high);
    // The look-up ignores the highest bit; bytes that have it are no tchars.
    const __mmask64 above = _mm512_movepi8_mask(text);
    const __mmask64 others = _mm512_test_epi8_mask(classes, _mm512_set1_epi8(kOther)) | above;
    const __mmask64 controls = _mm512_test_epi8_mask(classes, _mm512_set1_epi8(kControl)) & ~above;
    out = put_sixteen(find_stops(carry, others, controls), offset, out);
    offset += kScanBlockBytes;
  }
  stops.carry = carry;
  stops.count = static_cast<std::uint32_t>(out - stops.positions);
}

PIXEL_TARGET_AVX512 void scan_target(std::string_view bytes, std::size_t offset,
                                     TargetMasks& masks) noexcept {
  for (std::size_t block = 0; block < TargetMasks::kBlocks && offset < bytes.size(); ++block) {
    const __m512i text = load(bytes, offset);
    masks.target_end[block] =
        at_most(text, 0x20) | equal(text, 0x7f) | equal(text, '#') | equal(text, '?');
    offset += kScanBlockBytes;
  }
}

}  // namespace

const ScanOps kAvx512Scan = {"avx512", scan_head, scan_target};

}  // namespace pixel::edge

#endif  // defined(__x86_64__)
