// SPDX-License-Identifier: Apache-2.0
// HOT: encode_line with AVX2. Short texts are copied and searched as a whole register where that
// lies in their page; what was behind them is overwritten by the next field.
#include "logfmt/line_encode_variants.h"

#if PIXEL_X86_64
#include <immintrin.h>

#include "base/page_read.h"
#include "logfmt/escape_mask.h"
#include "logfmt/escape_variants.h"
#include "logfmt/line_pieces.h"

namespace pixel::logfmt {
namespace {

PIXEL_TARGET_AVX2 inline __m256i load(const char* text) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
}
PIXEL_TARGET_AVX2 inline void store(char* out, __m256i block) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), block);
}

PIXEL_TARGET_AVX2 inline char* put_ready(std::string_view text, char* out) {
  if (text.empty()) [[unlikely]] {
    return put_none(out);
  }
  const bool is_short = text.size() <= 32 && base::lies_in_one_page(text.data(), 32);
  if (!is_short) [[unlikely]] {
    return put_text(text, out);
  }
  store(out, load(text.data()));
  return out + text.size();
}

PIXEL_TARGET_AVX2 inline char* put_raw(std::string_view text, char* out) {
  const std::size_t count = text.size();
  if (count == 0) return put_none(out);
  if (count > 64 || !base::lies_in_one_page(text.data(), 64)) return escape_avx2(text, out);
  const __m256i head = load(text.data());
  std::uint64_t mask = escape_mask(head);
  store(out, head);
  if (count > 32) {
    const __m256i tail = load(text.data() + 32);
    mask |= std::uint64_t{escape_mask(tail)} << 32;
    store(out + 32, tail);
  }
  mask = _bzhi_u64(mask, static_cast<unsigned>(count));
  return mask == 0 ? out + count : escape_avx2(text, out);
}

}  // namespace
}  // namespace pixel::logfmt

#define PIXEL_LINE_TARGET PIXEL_TARGET_AVX2
#include "logfmt/line_encode_fields.h"

namespace pixel::logfmt {

PIXEL_TARGET_AVX2 std::size_t encode_line_avx2(const LineInput& input, const char* id,
                                               char* out) noexcept {
  return put_line(input, id, out);
}

}  // namespace pixel::logfmt
#endif
