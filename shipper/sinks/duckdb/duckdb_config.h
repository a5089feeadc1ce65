// SPDX-License-Identifier: Apache-2.0
// Settings of the duckdb sink. COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/config_reader.h"
#include "base/units.h"

namespace pixel::shipper {

struct DuckdbSettings {
  std::filesystem::path path;                     // The database file; its WAL lies beside it.
  std::uint64_t memory_bytes = 512 * base::kMiB;  // Of DuckDB, queries included.
  std::uint32_t threads = 1;                      // Of DuckDB; two cost half as much CPU again.
  std::uint64_t wal_bytes = 64 * base::kMiB;      // WAL length that starts a checkpoint.
  std::uint64_t query_rows_max = 10'000;          // More are cut, and the answer says so.
  std::uint64_t query_timeout_ns = 30 * base::kSecondNs;
  bool views = true;  // Make those whose tables are there.
};

/// Reads path (required), memory, threads, wal, query_rows_max, query_timeout, views. Leaves
/// finish() to the caller, which has keys of its own in the same section.
void read_duckdb_settings(base::ConfigSection& section, DuckdbSettings& settings);

}  // namespace pixel::shipper
