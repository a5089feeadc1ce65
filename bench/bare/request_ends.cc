// SPDX-License-Identifier: Apache-2.0
// Four overlapping 32-byte compares per block where the CPU has AVX2, memmem elsewhere. HOT.
#include "bench/bare/request_ends.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <cstring>

namespace pixel::bench {
namespace {

constexpr std::size_t kEndBytes = 4;

/// One byte further in the pattern; true when it is complete.
bool step(char byte, std::uint8_t& matched) noexcept {
  if (byte == '\r') {
    matched = matched == 2 ? 3 : 1;
    return false;
  }
  const bool complete = byte == '\n' && matched == 3;
  matched = byte == '\n' && matched == 1 ? 2 : 0;
  return complete;
}

struct Found {
  std::uint32_t count = 0;
  std::size_t after_last = 0;  // Offset behind the last end; 0 without one.
};

Found find_portable(const char* data, std::size_t size, std::size_t at) noexcept {
  Found found;
  while (at + kEndBytes <= size) {
    const void* end = memmem(data + at, size - at, "\r\n\r\n", kEndBytes);
    if (end == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const char*>(end) - data) + kEndBytes;
    ++found.count;
    found.after_last = at;
  }
  return found;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) Found find_avx2(const char* data, std::size_t size,
                                                std::size_t at) noexcept {
  constexpr std::size_t kBlock = 32;
  const __m256i carriage_return = _mm256_set1_epi8('\r');
  const __m256i line_feed = _mm256_set1_epi8('\n');
  const auto equals = [&](std::size_t offset, __m256i byte) __attribute__((target("avx2"))) {
    const auto* from = reinterpret_cast<const __m256i*>(data + offset);
    return _mm256_cmpeq_epi8(_mm256_loadu_si256(from), byte);
  };
  Found found;
  for (; at + kBlock + kEndBytes - 1 <= size; at += kBlock) {
    const __m256i first = _mm256_and_si256(equals(at, carriage_return), equals(at + 1, line_feed));
    const __m256i second =
        _mm256_and_si256(equals(at + 2, carriage_return), equals(at + 3, line_feed));
    const auto mask =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_and_si256(first, second)));
    if (mask == 0) continue;
    found.count += static_cast<std::uint32_t>(__builtin_popcount(mask));
    found.after_last = at + 31 - static_cast<std::size_t>(__builtin_clz(mask)) + kEndBytes;
  }
  const Found rest = find_portable(data, size, at > found.after_last ? at : found.after_last);
  found.count += rest.count;
  if (rest.count != 0) found.after_last = rest.after_last;
  return found;
}
#endif

Found find(const char* data, std::size_t size, std::size_t at) noexcept {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) return find_avx2(data, size, at);
#endif
  return find_portable(data, size, at);
}

}  // namespace

std::uint32_t count_request_ends(const char* data, std::size_t size,
                                 std::uint8_t& matched) noexcept {
  std::uint32_t ends = 0;
  std::size_t at = 0;
  while (matched != 0 && at < size) {
    if (step(data[at++], matched)) ++ends;
  }
  if (matched != 0) return ends;
  const Found found = find(data, size, at);
  const std::size_t tail = size > kEndBytes - 1 ? size - (kEndBytes - 1) : 0;
  std::size_t from = tail > at ? tail : at;
  if (found.after_last > from) from = found.after_last;
  for (; from < size; ++from) step(data[from], matched);
  return ends + found.count;
}

}  // namespace pixel::bench
