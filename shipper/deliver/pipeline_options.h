// SPDX-License-Identifier: Apache-2.0
// What the config file says about one sink's pipeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/units.h"
#include "shipper/batch/batcher.h"
#include "shipper/deliver/retry.h"

namespace pixel::shipper {

struct PipelineOptions {
  std::string name;
  BatchLimits limits;
  RetryLimits retry;
  std::uint32_t concurrency = 0;          // Most deliveries at once; 0: what the sink allows.
  std::uint64_t rows_per_second_max = 0;  // 0: no limit.
  std::uint64_t content_hash = 0;         // Of whatever else decides which rows a line becomes.
  std::uint64_t maintain_every_ns = 2 * base::kSecondNs;
  std::size_t chunk_bytes = 512 * base::kKiB;
  std::uint64_t failures_max = 0;  // In a row, then the pipeline gives up; 0: never.
  std::uint64_t seed = 0;          // Of the jitter.
};

}  // namespace pixel::shipper
