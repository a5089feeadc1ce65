// SPDX-License-Identifier: Apache-2.0
// Counts rows per segment in JSON lines, by their lineage columns. COLD.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

class HoldingsReader {
 public:
  /// Takes whole lines. An error where one is cut off, is no JSON object, or lacks _segment or
  /// _offset.
  base::Status add(std::string_view lines);
  std::vector<Holding> holdings();

 private:
  std::map<logfmt::SegmentId, std::vector<std::int64_t>> offsets_;
};

}  // namespace pixel::shipper
