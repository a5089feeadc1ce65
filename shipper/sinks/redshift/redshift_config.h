// SPDX-License-Identifier: Apache-2.0
// Settings of the redshift sink. COLD.
#pragma once

#include <cstdint>
#include <string>

#include "base/config_reader.h"
#include "base/units.h"
#include "shipper/transport/s3_settings.h"
#include "shipper/transport/secret.h"

namespace pixel::shipper {

/// Which tables there are.
enum class RedshiftPreset : std::uint8_t {
  kTables,  // The sink's own, as JSON.
  kHpx,     // The one table `pixels` of the Hacker Pixel, tab separated.
};

struct RedshiftSettings {
  std::string dsn;
  Secret password;
  std::string schema = "public";
  RedshiftPreset preset = RedshiftPreset::kTables;
  std::string iam_role;  // An ARN, or "default". The cluster reads the objects as this role.
  S3Settings store;
  std::string prefix;       // Of all keys, without slashes at its ends.
  std::string copy_region;  // Of the bucket, where it is not the cluster's; "": the same.
  std::string options;      // More COPY options, as they are.
  bool gzip = true;
  std::uint32_t files = 1;  // Objects per table and batch; a multiple of the cluster's slices.
  bool create = true;
  std::uint64_t keep_ns = 24 * 3600 * base::kSecondNs;  // Loaded objects stay so long.
  std::uint64_t connect_timeout_ns = 10 * base::kSecondNs;
  std::uint64_t timeout_ns = 600 * base::kSecondNs;
  std::uint64_t query_rows_max = 10'000;
  std::uint64_t query_timeout_ns = 30 * base::kSecondNs;
};

/// Reads dsn, path, iam_role (required), password, schema, preset, copy_region, options, gzip,
/// files, create, keep, connect_timeout_sql, timeout_sql, query_rows_max, query_timeout, and the
/// keys of S3.
void read_redshift_settings(base::ConfigSection& section, RedshiftSettings& settings);

}  // namespace pixel::shipper
