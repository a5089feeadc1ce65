// SPDX-License-Identifier: Apache-2.0
// Which rows lie in JSON lines or CSV, by their lineage columns: 8 bytes of memory for each. COLD.
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
  /// Take whole lines of a table. An error where one is cut off, is of another form, or lacks
  /// _segment or _offset.
  base::Status add_json(std::size_t table, std::string_view lines);
  /// `lines` begins with the header.
  base::Status add_csv(std::size_t table, std::string_view lines);
  std::vector<Holding> holdings();
  /// REQUIRES: holdings() was called after the last row was added.
  bool has(std::size_t table, const logfmt::SegmentId& segment, std::int64_t offset) const;

 private:
  base::Status add(std::size_t table, std::string_view segment, std::int64_t offset);
  using Offsets = std::vector<std::int64_t>;
  std::map<logfmt::SegmentId, std::map<std::size_t, Offsets>> offsets_;  // By table.
};

}  // namespace pixel::shipper
