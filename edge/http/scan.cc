// SPDX-License-Identifier: Apache-2.0
// Which scan this CPU runs. COLD: decided once, by CPUID; a plain pointer, so that sanitizers and
// static linking see nothing unusual.
#include "edge/http/scan.h"

#include <array>

#include "base/cpu.h"

namespace pixel::edge {
namespace {

struct Supported {
  std::array<const ScanOps*, 4> scans{};
  std::size_t count = 0;

  Supported() noexcept {
    add(kScalarScan);
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("sse4.2")) add(kSse42Scan);
    if (base::cpu_has_avx2()) add(kAvx2Scan);
    if (base::cpu_has_avx512()) add(kAvx512Scan);
#endif
  }
  void add(const ScanOps& scan) noexcept { scans[count++] = &scan; }
};

const Supported& supported() noexcept {
  static const Supported result;
  return result;
}

}  // namespace

const ScanOps& best_scan() noexcept {
  static const ScanOps& best = *supported_scans().back();
  return best;
}

std::span<const ScanOps* const> supported_scans() noexcept {
  return {supported().scans.data(), supported().count};
}

}  // namespace pixel::edge
