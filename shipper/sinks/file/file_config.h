// SPDX-License-Identifier: Apache-2.0
// Settings of a file sink. COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/units.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

struct FileSinkOptions {
  std::string name;
  std::filesystem::path path;             // Directory of the output files.
  std::filesystem::path state_directory;  // Directory of its checkpoint.
  std::vector<TableSpec> tables;
  bool gzip = false;
  std::uint64_t max_file_bytes = 256 * base::kMiB;  // Then the next file begins.
};

/// Reads the keys of its own: path, gzip, max_file_bytes.
void read_file_sink_config(base::ConfigSection& section, FileSinkOptions& options);

}  // namespace pixel::shipper
