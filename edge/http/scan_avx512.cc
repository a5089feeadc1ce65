// SPDX-License-Identifier: Apache-2.0
// The scans with AVX-512BW: 64 bytes a step, the mask is the comparison's own result, and a short
// last block is a masked load. HOT; pure. The target attribute is on the functions, not on the
// file: see scan_avx2.cc.
#if defined(__x86_64__)

#include <immintrin.h>

#include "edge/http/scan.h"
#include "edge/http/scan_block.h"

#define PIXEL_TARGET [[gnu::target("avx512f,avx512bw")]]

namespace pixel::edge {
namespace {

// Bytes of the block at `offset` that are in the input; masked-out ones are not read.
PIXEL_TARGET inline __mmask64 present(std::string_view bytes, std::size_t offset) noexcept {
  const std::size_t left = bytes.size() - offset;
  return left >= kScanBlockBytes ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
}

PIXEL_TARGET inline __m512i broadcast(const std::uint8_t (&table)[16]) noexcept {
  return _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(table)));
}

PIXEL_TARGET inline __mmask64 is_no_token(__m512i bytes) noexcept {
  const __m512i nibble = _mm512_set1_epi8(0x0f);
  const __m512i low = _mm512_and_si512(bytes, nibble);
  const __m512i high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble);
  return _mm512_test_epi8_mask(_mm512_shuffle_epi8(broadcast(kLowNibble), low),
                               _mm512_shuffle_epi8(broadcast(kHighNibble), high));
}

PIXEL_TARGET inline __mmask64 equal(__m512i bytes, char byte) noexcept {
  return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte));
}

PIXEL_TARGET inline __mmask64 at_most(__m512i bytes, char limit) noexcept {
  return _mm512_cmple_epu8_mask(bytes, _mm512_set1_epi8(limit));
}

PIXEL_TARGET void scan_head(std::string_view bytes, std::size_t offset, HeadMasks& masks) noexcept {
  for (std::size_t block = 0; block < HeadMasks::kBlocks && offset < bytes.size(); ++block) {
    const __mmask64 in = present(bytes, offset);
    const __m512i text = _mm512_maskz_loadu_epi8(in, bytes.data() + offset);
    masks.name_end[block] = is_no_token(text) & in;
    masks.value_end[block] = ((at_most(text, 0x1f) & ~equal(text, '\t')) | equal(text, 0x7f)) & in;
    offset += kScanBlockBytes;
  }
}

PIXEL_TARGET void scan_target(std::string_view bytes, std::size_t offset,
                              TargetMasks& masks) noexcept {
  for (std::size_t block = 0; block < TargetMasks::kBlocks && offset < bytes.size(); ++block) {
    const __mmask64 in = present(bytes, offset);
    const __m512i text = _mm512_maskz_loadu_epi8(in, bytes.data() + offset);
    masks.target_end[block] =
        (at_most(text, 0x20) | equal(text, 0x7f) | equal(text, '#') | equal(text, '?')) & in;
    offset += kScanBlockBytes;
  }
}

}  // namespace

const ScanOps kAvx512Scan = {"avx512", scan_head, scan_target};

}  // namespace pixel::edge

#endif  // defined(__x86_64__)
