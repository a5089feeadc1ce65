// SPDX-License-Identifier: Apache-2.0
// See file_holdings.h. COLD.
#include "shipper/sinks/file/file_holdings.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace pixel::shipper {

base::Status HoldingsReader::add(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t newline = lines.find('\n');
    if (newline == std::string_view::npos) return base::Error{"the last row is cut off"};
    const std::string_view line = lines.substr(0, newline);
    lines.remove_prefix(newline + 1);
    const auto row = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
    if (!row.is_object()) return base::Error{"a row is no JSON object"};
    const auto segment_text = row.find("_segment");
    const auto offset = row.find("_offset");
    const bool has_lineage = segment_text != row.end() && segment_text->is_string() &&
                             offset != row.end() && offset->is_number_integer();
    if (!has_lineage) return base::Error{"a row has no _segment and _offset"};
    const auto segment = logfmt::parse_segment(segment_text->get<std::string>());
    if (!segment) return base::Error{"a row's _segment is no segment"};
    offsets_[*segment].push_back(offset->get<std::int64_t>());
  }
  return base::ok_status();
}

std::vector<Holding> HoldingsReader::holdings() {
  std::vector<Holding> result;
  for (auto& [segment, offsets] : offsets_) {
    std::sort(offsets.begin(), offsets.end());
    const auto last = std::unique(offsets.begin(), offsets.end());
    const auto distinct = static_cast<std::uint64_t>(last - offsets.begin());
    result.push_back({segment, offsets.size(), distinct});
    offsets.resize(distinct);
  }
  return result;
}

}  // namespace pixel::shipper
