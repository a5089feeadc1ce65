// SPDX-License-Identifier: Apache-2.0
// See s3_verdict.h. COLD.
#include "shipper/sinks/s3/s3_verdict.h"

#include <algorithm>

namespace pixel::shipper::s3 {

Verdict verdict_of(const StoreError& error, std::uint64_t overload_pause_ns) {
  Verdict verdict = rejected(error.message);
  switch (error.kind) {
    case StoreError::Kind::kRetry:
    case StoreError::Kind::kExpired:
      verdict.kind = Verdict::Kind::kRetry;
      verdict.retry_after_ns = error.retry_after_ns;
      break;
    case StoreError::Kind::kOverload:
      verdict.kind = Verdict::Kind::kRetry;
      verdict.retry_after_ns = std::max(error.retry_after_ns, overload_pause_ns);
      break;
    case StoreError::Kind::kExists:
    case StoreError::Kind::kMissing:
    case StoreError::Kind::kRefused:
      break;
  }
  return verdict;
}

}  // namespace pixel::shipper::s3
