// SPDX-License-Identifier: Apache-2.0
// A real PostgreSQL for a test program: started once, by the harness that the integration tests
// use, and ended with the program. Tests skip where PostgreSQL is not installed.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "shipper/transport/postgres_connection.h"
#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper::testing {

class PostgresServer {
 public:
  static PostgresServer& instance() {
    static PostgresServer server;
    return server;
  }
  /// "" where there is none.
  const std::string& dsn() const { return dsn_; }
  std::string socket_directory() const { return directory_.path().string() + "/server"; }
  std::string port() const {
    const std::size_t begin = dsn_.rfind(':') + 1;
    return dsn_.substr(begin, dsn_.find('/', begin) - begin);
  }

  /// The answer to one statement, rows joined by '\n' and columns by '|'; NULL is "~".
  std::string ask(const std::string& sql) {
    PostgresOptions options;
    options.dsn = dsn_;
    auto connection = PostgresConnection::open(options);
    if (!connection) return "error: " + connection.error().message;
    auto table = connection->run("SET TIME ZONE 'UTC'; " + sql);
    if (!table) return "error: " + table.error().message;
    std::string text;
    for (const auto& row : table->rows) {
      if (!text.empty()) text += '\n';
      for (std::size_t i = 0; i < row.size(); ++i)
        text += (i == 0 ? "" : "|") + row[i].value_or("~");
    }
    return text;
  }

 private:
  PostgresServer() { dsn_ = run("start"); }
  ~PostgresServer() { run("stop"); }

  std::string run(const std::string& what) const {
    const std::string command = "python3 tools/harness/postgres.py " + what + " " +
                                directory_.path().string() + "/server 2>/dev/null";
    (void)::chmod(directory_.path().c_str(), 0755);
    const std::unique_ptr<FILE, int (*)(FILE*)> output(::popen(command.c_str(), "r"), ::pclose);
    std::array<char, 512> line{};
    if (output == nullptr || std::fgets(line.data(), line.size(), output.get()) == nullptr)
      return "";
    std::string text = line.data();
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }

  TemporaryDirectory directory_;
  std::string dsn_;
};

}  // namespace pixel::shipper::testing
