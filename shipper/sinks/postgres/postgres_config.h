// SPDX-License-Identifier: Apache-2.0
// Settings of the postgres sink. COLD.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/config_reader.h"
#include "base/units.h"
#include "shipper/transport/patience.h"
#include "shipper/transport/secret.h"

namespace pixel::shipper {

/// How rows come into their table.
enum class PostgresMode : std::uint8_t {
  kCopy,    // COPY straight into it: the fastest.
  kUpsert,  // COPY beside it, then INSERT ... ON CONFLICT DO NOTHING: a unique index guards it.
};

struct PostgresSettings {
  std::string dsn;
  std::string init_dsn;        // Of who may create; "": the same.
  Secret password;             // Not set: libpq's own ways (PGPASSWORD, ~/.pgpass).
  std::string stage = "prod";  // The schema's name.
  PostgresMode mode = PostgresMode::kCopy;
  bool create = true;       // open() makes and widens tables; roles are made by init only.
  std::string reader_role;  // "": pixeledge_<stage>_reader
  std::string writer_role;  // "": pixeledge_<stage>_writer
  std::uint64_t connect_timeout_ns = 10 * base::kSecondNs;
  std::uint64_t timeout_ns = 60 * base::kSecondNs;
  std::shared_ptr<Patience> patience = std::make_shared<Patience>();  // Of the writing session.
  std::uint64_t query_rows_max = 10'000;
  std::uint64_t query_timeout_ns = 30 * base::kSecondNs;
};

/// Reads dsn (required), init_dsn, password, stage, mode, create, reader_role, writer_role,
/// connect_timeout, timeout, patience, query_rows_max, query_timeout.
void read_postgres_settings(base::ConfigSection& section, PostgresSettings& settings);

}  // namespace pixel::shipper
