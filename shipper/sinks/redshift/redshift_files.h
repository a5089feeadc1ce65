// SPDX-License-Identifier: Apache-2.0
// Batch -> the objects of one load: files with rows and a manifest for each table. Names and bytes
// follow from the rows alone, so that a second try writes the same ones. Pure. COLD.
// Source: Amazon Redshift Database Developer Guide, "Loading data from Amazon S3", "Using a
// manifest to specify data files".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/sinks/redshift/redshift_config.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper::redshift {

struct LoadFile {
  std::string key;
  std::string body;             // As it is stored.
  std::uint64_t first_row = 0;  // In the table's block.
  std::uint64_t rows = 0;
  std::string hash;  // XXH3-128 of the rows' text.
};

/// What is loaded into one table.
struct TableLoad {
  std::uint32_t table = 0;  // Its place among the sink's.
  std::vector<LoadFile> files;
  LoadFile manifest;
  std::uint64_t rows = 0;
};

/// Tables with rows only. `sink` names the folder below the prefix. An error where the preset's
/// columns are not there, or compressing fails.
base::Result<std::vector<TableLoad>> plan_loads(const Batch& batch,
                                                const std::vector<TableSpec>& tables,
                                                const RedshiftSettings& settings,
                                                std::string_view sink);

/// "<prefix>/<sink>/": everything below is this sink's.
std::string loads_prefix(const RedshiftSettings& settings, std::string_view sink);

/// Rows of the hpx table: date and time, ip, user agent, url, a, b, c, d, referrer, cookie, with
/// tabs between. NULL is an empty text. Its COPY knows no escape, so that tab, newline and carriage
/// return within a value become %09, %0A and %0D. An error where a column is not there.
base::Result<std::string> hpx_text(const TableSpec& table, const RowBlock& rows);

}  // namespace pixel::shipper::redshift
