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

enum class FileFormat : std::uint8_t {
  kJsonLines,  // One object per row.
  kCsv,        // A header line, then one line per row.
  kRaw,        // The lines of the log as they are.
};

struct FileSinkOptions {
  std::string name;
  std::filesystem::path path;             // Directory of the output files.
  std::filesystem::path state_directory;  // Directory of its checkpoint.
  std::vector<TableSpec> tables;
  FileFormat format = FileFormat::kJsonLines;
  bool gzip = false;
  bool sync = true;  // false: what was delivered outlives the process, not the machine.
  std::uint64_t max_file_bytes = 256 * base::kMiB;  // Then the next file begins.
};

/// Reads the keys of its own: path, format, gzip, sync, max_file_bytes.
void read_file_sink_config(base::ConfigSection& section, FileSinkOptions& options);

}  // namespace pixel::shipper
