// SPDX-License-Identifier: Apache-2.0
// Which vector code a function may hold and which this machine can run. Vector variants carry the
// target as an attribute of the function, so that the rest of the build stays baseline.
#pragma once

#if defined(__x86_64__)
#define PIXEL_X86_64 1
#define PIXEL_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define PIXEL_TARGET_AVX512 \
  __attribute__((target("avx2,bmi,bmi2,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2")))
#else
#define PIXEL_X86_64 0
#endif

namespace pixel::base {

/// Asks the processor; cheap after the first call, which may come from a static initialiser.
inline bool cpu_has_avx2() noexcept {
#if PIXEL_X86_64
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
#else
  return false;
#endif
}

/// AVX-512 with byte masks, byte permutation and byte compress (Ice Lake, Zen 4 and later).
inline bool cpu_has_avx512() noexcept {
#if PIXEL_X86_64
  return cpu_has_avx2() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
#else
  return false;
#endif
}

}  // namespace pixel::base
