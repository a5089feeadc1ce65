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
#include "shipper/budget.h"
#include "shipper/deliver/retry.h"
#include "shipper/retention.h"
#include "shipper/sinks/registry.h"
#include "shipper/table_tests.h"
#include "shipper/tail/foreign/source_options.h"

namespace pixel::shipper {

struct SinkConfig {
  std::string name;
  std::string kind;
  BatchLimits limits;
  RetryLimits retry;
  std::uint32_t concurrency = 0;          // Most deliveries at once; 0: what the kind takes.
  std::uint64_t rows_per_second_max = 0;  // 0: no limit.
  std::vector<TableSpec> tables;          // What it gets.
  SinkMaker make;
  /// Of all its settings and those of the tables: equal where a reload need not touch the sink.
  std::uint64_t fingerprint = 0;
  /// Of what decides which rows a line becomes: a batch that may have been sent under another one
  /// is not sent again.
  std::uint64_t rows_fingerprint = 0;
};

struct Config {
  std::filesystem::path spool = "/var/spool/pixeledge";
  std::filesystem::path state = "/var/lib/pixeledge/shipper";
  std::string admin = "127.0.0.1:9181";  // "": none.
  std::string log_level = "info";
  RetentionLimits retention;
  BudgetLimits budget;
  std::vector<TableSpec> tables;
  std::vector<TableTest> tests;
  std::vector<SinkConfig> sinks;
  std::vector<SourceOptions> sources;  // Beside the spool.

  std::filesystem::path sink_state(const std::string& name) const { return state / name; }
};

/// Reads everything; reader.errors() says what was wrong.
Config read_config(base::ConfigReader& reader);

/// A file's settings, or every error in it.
struct LoadedConfig {
  Config config;
  std::vector<std::string> errors;
};
LoadedConfig load_config(const std::filesystem::path& path);

}  // namespace pixel::shipper
