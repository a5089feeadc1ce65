// SPDX-License-Identifier: Apache-2.0
// Whether a whole register may be loaded where a shorter text begins. HOT. Memory is protected by
// pages (4 KiB at least on every machine that is built for): what lies in the page of a byte that
// may be read can be read too. The bytes behind the text mean nothing and must not decide anything.
#pragma once

#include <cstddef>
#include <cstdint>

// g++ says so by macros, clang++ by features.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PIXEL_HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define PIXEL_HAS_SANITIZER 1
#endif
#endif

namespace pixel::base {

/// True where `bytes` ones from `begin` on lie in one page. REQUIRES: *begin may be read. Never
/// true in builds with a sanitizer, which know where each object ends.
inline bool lies_in_one_page(const char* begin, std::size_t bytes) noexcept {
#if defined(PIXEL_HAS_SANITIZER)
  (void)begin;
  (void)bytes;
  return false;
#else
  constexpr std::uintptr_t page_bytes = 4096;
  return (reinterpret_cast<std::uintptr_t>(begin) & (page_bytes - 1)) <= page_bytes - bytes;
#endif
}

}  // namespace pixel::base
