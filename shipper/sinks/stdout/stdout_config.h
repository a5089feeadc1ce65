// SPDX-License-Identifier: Apache-2.0
// Settings of a stdout sink. COLD.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/units.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

struct StdoutOptions {
  std::string name;
  std::vector<TableSpec> tables;
  bool is_raw = false;  // The lines of the log as they are, without their headers.
  std::uint64_t stall_timeout_ns = 10 * base::kSecondNs;  // While the reader takes nothing.
};

/// Reads the keys of its own: format, stall_timeout.
void read_stdout_config(base::ConfigSection& section, StdoutOptions& options);

}  // namespace pixel::shipper
