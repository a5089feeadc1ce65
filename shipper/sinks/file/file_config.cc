// SPDX-License-Identifier: Apache-2.0
// See file_config.h. COLD.
#include "shipper/sinks/file/file_config.h"

#include <array>

namespace pixel::shipper {

void read_file_sink_config(base::ConfigSection& section, FileSinkOptions& options) {
  static constexpr std::array<std::string_view, 3> kFormats = {"jsonl", "csv", "raw"};
  std::size_t format = 0;
  section.read("path", options.path);
  section.read_choice("format", kFormats, format);
  options.format = static_cast<FileFormat>(format);
  section.read("gzip", options.gzip);
  section.read("sync", options.sync);
  section.read_bytes("max_file_bytes", options.max_file_bytes, {64 * base::kKiB, UINT64_MAX});
  if (!section.has("path")) section.fail("path", "a path (the directory of the output files)");
}

}  // namespace pixel::shipper
