// SPDX-License-Identifier: Apache-2.0
// COLD: see duckdb_config.h.
#include "shipper/sinks/duckdb/duckdb_config.h"

namespace pixel::shipper {

void read_duckdb_settings(base::ConfigSection& section, DuckdbSettings& settings) {
  section.read("path", settings.path);
  if (settings.path.empty()) section.fail("path", "the path of a database file");
  section.read_bytes("memory", settings.memory_bytes, {64 * base::kMiB, 1024 * base::kGiB});
  section.read("threads", settings.threads, {1, 256});
  section.read_bytes("wal", settings.wal_bytes, {base::kMiB, 16 * base::kGiB});
  section.read("query_rows_max", settings.query_rows_max, {1, 1'000'000});
  section.read_duration("query_timeout", settings.query_timeout_ns,
                        {base::kMillisecondNs, 3600 * base::kSecondNs});
  section.read("views", settings.views);
}

}  // namespace pixel::shipper
