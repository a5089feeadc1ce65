// SPDX-License-Identifier: Apache-2.0
// Queries and inserts over ClickHouse's HTTP interface. COLD; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "shipper/sinks/clickhouse/clickhouse_schema.h"
#include "shipper/sinks/clickhouse/clickhouse_verdict.h"
#include "shipper/transport/http_client.h"

namespace pixel::shipper {

using ClickhouseParameters = std::vector<std::pair<std::string, std::string>>;

class ClickhouseClient {
 public:
  explicit ClickhouseClient(const ClickhouseOptions& options)
      : options_(options), client_(options.connection) {}

  /// The answer's text, TabSeparated unless the query or the parameters say otherwise.
  base::Result<std::string> query(std::string_view sql,
                                  const ClickhouseParameters& parameters = {});
  /// The answer's rows, fields unescaped.
  base::Result<std::vector<std::vector<std::string>>> rows(std::string_view sql);
  /// The same for who asks again until an answer comes: given up early (see Patience).
  base::Result<std::vector<std::vector<std::string>>> rows_again(std::string_view sql);

  /// `statement` ends with FORMAT and its name; `data` follows it. A retry's effect is unknown.
  /// `repeats_as`: as in HttpRequest; only where the server knows the insert again, however late it
  /// reads what was given up.
  ClickhouseOutcome insert(std::string_view statement, std::string_view data,
                           ClickhouseParameters parameters, std::string repeats_as);

  base::Result<ClickhouseServer> read_server();
  /// By name; without those that do not exist.
  base::Result<std::map<std::string, ClickhouseTable>> read_tables();

 private:
  base::Result<HttpRequest> prepare(ClickhouseParameters parameters) const;
  base::Result<std::string> ask(std::string_view sql, const ClickhouseParameters& parameters,
                                std::string repeats_as);
  std::string table_list() const;

  const ClickhouseOptions& options_;
  HttpClient client_;
};

}  // namespace pixel::shipper
