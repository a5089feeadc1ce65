// SPDX-License-Identifier: Apache-2.0
// A schema of its own for each test, in one real server.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "shipper/sinks/postgres/postgres_sink.h"
#include "tests/unit/shipper/sinks/batch_maker.h"
#include "tests/unit/shipper/support/postgres_server.h"

namespace pixel::shipper::testing {

class PostgresSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (server().dsn().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
    static int number = 0;
    settings_.dsn = server().dsn();
    settings_.stage = "s" + std::to_string(++number);
    settings_.writer_role = "w" + settings_.stage;
    settings_.reader_role = "r" + settings_.stage;
  }
  static PostgresServer& server() { return PostgresServer::instance(); }

  std::unique_ptr<Sink> make_sink(std::vector<ColumnSpec> columns = test_columns(),
                                  std::string name = "pg") {
    return create_postgres_sink(std::move(name), {table_of(std::move(columns))}, settings_);
  }
  /// `sql` with "%" for the schema.
  std::string ask(std::string sql) {
    for (std::size_t at = 0; (at = sql.find('%', at)) != std::string::npos;) {
      sql.replace(at, 1, settings_.stage);
    }
    return server().ask(sql);
  }
  /// Ends the sink's session from outside.
  void cut_sessions() {
    server().ask(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE "
        "application_name "
        "LIKE 'pixel-shipper pg%'");
  }

  PostgresSettings settings_;
};

/// Until acked, at most ten times; the last verdict.
inline Verdict deliver_patiently(Sink& sink, const Batch& batch) {
  Verdict verdict;
  for (int attempt = 0; attempt < 10; ++attempt) {
    verdict = sink.deliver(batch);
    if (verdict.kind != Verdict::Kind::kRetry) break;
  }
  return verdict;
}

}  // namespace pixel::shipper::testing
