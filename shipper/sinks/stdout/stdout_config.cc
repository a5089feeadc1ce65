// SPDX-License-Identifier: Apache-2.0
// See stdout_config.h. COLD.
#include "shipper/sinks/stdout/stdout_config.h"

#include <array>

namespace pixel::shipper {

void read_stdout_config(base::ConfigSection& section, StdoutOptions& options) {
  static constexpr std::array<std::string_view, 2> kFormats = {"jsonl", "raw"};
  std::size_t format = 0;
  section.read_choice("format", kFormats, format);
  options.is_raw = format == 1;
  section.read_duration("stall_timeout", options.stall_timeout_ns,
                        {base::kMillisecondNs, 3600 * base::kSecondNs});
}

}  // namespace pixel::shipper
