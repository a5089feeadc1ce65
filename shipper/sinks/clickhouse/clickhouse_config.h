// SPDX-License-Identifier: Apache-2.0
// Settings of a clickhouse sink. COLD.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "shipper/decode/row_block.h"
#include "shipper/transport/http_client.h"
#include "shipper/transport/secret.h"

namespace pixel::shipper {

enum class ClickhouseDeduplication : std::uint8_t {
  kAuto,   // By token where the table honours it, else by looking.
  kCheck,  // Before each insert, look which of its rows are there.
  kNone,   // At least once.
};

struct ClickhouseOptions {
  std::string name;
  std::vector<TableSpec> tables;
  HttpSettings connection;
  std::string url = "http://127.0.0.1:8123";
  std::string database = "default";
  std::string user;  // "": the server's default.
  Secret password;
  bool is_binary = true;  // RowBinary, else TabSeparated.
  bool gzip = false;
  bool async_insert = false;
  ClickhouseDeduplication deduplication = ClickhouseDeduplication::kAuto;
  // Of the tables that initialise() makes.
  std::string engine = "MergeTree";
  std::string partition_by = "toYYYYMM({time})";  // "": none.
  std::uint32_t deduplication_window = 1000;
};

/// Reads the keys of its own.
void read_clickhouse_config(base::ConfigSection& section, ClickhouseOptions& options);

}  // namespace pixel::shipper
