// SPDX-License-Identifier: Apache-2.0
// HOT: the plain variant, and the choice among all.
#include <atomic>

#include "logfmt/line_decode.h"
#include "logfmt/line_decode_simd.h"

namespace pixel::logfmt {
namespace {

IndexFunction choose() noexcept {
#if PIXEL_X86_64
  if (base::cpu_has_avx512()) return index_avx512;
  return base::cpu_has_avx2() ? index_avx2 : index_sse2;
#else
  return index_scalar;
#endif
}

}  // namespace

IndexFunction best_index_function() noexcept {
  // Null until asked; each thread may ask, to the same answer.
  constinit static std::atomic<IndexFunction> chosen{nullptr};
  IndexFunction function = chosen.load(std::memory_order_relaxed);
  if (function == nullptr) {
    function = choose();
    chosen.store(function, std::memory_order_relaxed);
  }
  return function;
}

void index_scalar(std::string_view text, std::uint32_t base, SeparatorIndex& index) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    if (static_cast<unsigned char>(byte) > 127) index.is_ascii = false;
    if (byte != '\t' && byte != '\n' && byte != '\0') continue;
    if (byte != '\t')
      index.ends[index.end_count++] = static_cast<std::uint32_t>(index.position_count);
    index.positions[index.position_count++] = base + static_cast<std::uint32_t>(i);
  }
}

// Ends are of no use here; they go to a small buffer, a block at a time.
std::size_t index_separators(std::string_view text, std::uint32_t* out) noexcept {
  constexpr std::size_t kPieceBytes = 4096;
  std::uint32_t ends[kPieceBytes + 1];
  std::size_t count = 0;
  const IndexFunction index_piece = best_index_function();
  for (std::size_t at = 0; at < text.size(); at += kPieceBytes) {
    SeparatorIndex index{out + count, ends};
    index_piece(text.substr(at, kPieceBytes), static_cast<std::uint32_t>(at), index);
    count += index.position_count;
  }
  return count;
}

}  // namespace pixel::logfmt
