// SPDX-License-Identifier: Apache-2.0
// The settings of pixel-shipper: each beside its default; shipper.toml shows and explains all.
// COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/units.h"
#include "shipper/batch/batcher.h"
#include "shipper/retention.h"
#include "shipper/sinks/registry.h"
#include "shipper/tail/foreign/source_options.h"

namespace pixel::shipper {

struct SinkConfig {
  std::string name;
  std::string kind;
  BatchLimits limits;
  SinkMaker make;
};

struct Config {
  std::filesystem::path spool = "/var/spool/pixeledge";
  std::filesystem::path state = "/var/lib/pixeledge/shipper";
  std::string admin = "127.0.0.1:9181";  // "": none.
  std::string log_level = "info";
  RetentionLimits retention;
  std::vector<TableSpec> tables;
  std::vector<SinkConfig> sinks;
  std::vector<SourceOptions> sources;  // Beside the spool.

  std::filesystem::path sink_state(const std::string& name) const { return state / name; }
};

/// Reads everything; reader.errors() says what was wrong.
Config read_config(base::ConfigReader& reader);

}  // namespace pixel::shipper
