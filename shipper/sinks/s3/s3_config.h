// SPDX-License-Identifier: Apache-2.0
// Settings of an S3 sink. COLD.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "shipper/decode/row_block.h"
#include "shipper/transport/s3_settings.h"

namespace pixel::shipper {

enum class S3Format : std::uint8_t {
  kCloudFront,  // The lines as they are, in objects named as CloudFront names its logs.
  kJsonl,       // Rows as JSON lines, in folders by table, date and hour.
};

struct S3SinkSettings {
  S3Settings store;
  std::string prefix;  // Of every key; no slash at its ends; "": none.
  S3Format format = S3Format::kCloudFront;
  std::string distribution = "PIXELEDGE";  // In the names of kCloudFront.
  bool gzip = true;                        // kCloudFront: always.
  std::uint32_t concurrency = 4;           // Batches under way at once.
};

/// Reads bucket and prefix (as "s3://bucket/prefix" in `path`), format, distribution, gzip,
/// concurrency and the keys of read_s3_settings.
void read_s3_sink_config(base::ConfigSection& section, S3SinkSettings& settings);

}  // namespace pixel::shipper
