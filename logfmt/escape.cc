// SPDX-License-Identifier: Apache-2.0
// HOT: picks the variant at the first call; the plain variant lives here too.
#include "logfmt/escape.h"

#include <atomic>

#include "logfmt/escape_variants.h"

namespace pixel::logfmt {
namespace {

using EscapeFunction = char* (*)(std::string_view, char*) noexcept;

EscapeFunction best_variant() noexcept {
#if PIXEL_X86_64
  if (base::cpu_has_avx512()) return escape_avx512;
  return base::cpu_has_avx2() ? escape_avx2 : escape_sse2;
#else
  return escape_scalar;
#endif
}

char* resolve_and_escape(std::string_view raw, char* out) noexcept;

// Constant initialised, so that a static initialiser elsewhere may call escape().
constinit std::atomic<EscapeFunction> g_variant{&resolve_and_escape};

char* resolve_and_escape(std::string_view raw, char* out) noexcept {
  const EscapeFunction variant = best_variant();
  // relaxed: each thread may resolve for itself, to the same answer.
  g_variant.store(variant, std::memory_order_relaxed);
  return variant(raw, out);
}

constexpr std::array<bool, 256> make_must_escape() {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) table[i] = must_escape(static_cast<unsigned char>(i));
  return table;
}
constexpr std::array<bool, 256> kMustEscape = make_must_escape();

}  // namespace

char* escape(std::string_view raw, char* out) noexcept {
  return g_variant.load(std::memory_order_relaxed)(raw, out);
}

char* escape_scalar(std::string_view raw, char* out) noexcept {
  for (const char byte : raw) {
    if (kMustEscape[static_cast<unsigned char>(byte)]) {
      out = put_escaped(byte, out);
    } else {
      *out++ = byte;
    }
  }
  return out;
}

}  // namespace pixel::logfmt
