// SPDX-License-Identifier: Apache-2.0
// HOT: encode_line with AVX-512. Short texts are one masked load and one store, whatever their
// length.
#include "logfmt/line_encode_variants.h"

#if PIXEL_X86_64
#include <immintrin.h>

#include "logfmt/escape_mask.h"
#include "logfmt/escape_variants.h"
#include "logfmt/line_pieces.h"

namespace pixel::logfmt {
namespace {

// The first `count` <= 32 bytes, then zeros; no byte behind them is read.
PIXEL_TARGET_AVX512 inline __m256i load_32(const char* text, std::size_t count) {
  const std::uint32_t valid = _bzhi_u32(~std::uint32_t{0}, static_cast<unsigned>(count));
  return _mm256_maskz_loadu_epi8(valid, text);
}

// The same of up to 64.
PIXEL_TARGET_AVX512 inline __m512i load_64(const char* text, std::size_t count) {
  const std::uint64_t valid = _bzhi_u64(~std::uint64_t{0}, static_cast<unsigned>(count));
  return _mm512_maskz_loadu_epi8(valid, text);
}

PIXEL_TARGET_AVX512 inline char* put_ready(std::string_view text, char* out) {
  const std::size_t count = text.size();
  if (count == 0) [[unlikely]] {
    return put_none(out);
  }
  if (count > 32) [[unlikely]] {
    return put_text(text, out);
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), load_32(text.data(), count));
  return out + count;
}

// Zeros need escaping: those behind a text are told apart by their place.
PIXEL_TARGET_AVX512 inline char* put_raw(std::string_view text, char* out) {
  const std::size_t count = text.size();
  if (count == 0) return put_none(out);
  if (count <= 32) {
    const __m256i block = load_32(text.data(), count);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), block);
    if (_bzhi_u32(escape_mask(block), static_cast<unsigned>(count)) == 0) [[likely]] {
      return out + count;
    }
  } else if (count <= 64) {
    const __m512i block = load_64(text.data(), count);
    _mm512_storeu_si512(out, block);
    if (_bzhi_u64(escape_mask(block), static_cast<unsigned>(count)) == 0) [[likely]] {
      return out + count;
    }
  }
  return escape_avx512(text, out);
}

}  // namespace
}  // namespace pixel::logfmt

#define PIXEL_LINE_TARGET PIXEL_TARGET_AVX512
#include "logfmt/line_encode_fields.h"

namespace pixel::logfmt {

PIXEL_TARGET_AVX512 std::size_t encode_line_avx512(const LineInput& input, const char* id,
                                                   char* out) noexcept {
  return put_line(input, id, out);
}

}  // namespace pixel::logfmt
#endif
