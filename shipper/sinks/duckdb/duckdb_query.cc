// SPDX-License-Identifier: Apache-2.0
// COLD: see duckdb_query.h.
#include "shipper/sinks/duckdb/duckdb_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

namespace pixel::shipper::duckdb {
namespace {

// Interrupts the connection unless it is destroyed before the timeout.
class Watchdog {
 public:
  Watchdog(Connection& connection, std::uint64_t timeout_ns)
      : thread_([this, &connection, timeout_ns] { watch(connection, timeout_ns); }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch(Connection& connection, std::uint64_t timeout_ns) {
    std::unique_lock lock(mutex_);
    const auto timeout = std::chrono::nanoseconds(timeout_ns);
    if (!wake_.wait_for(lock, timeout, [this] { return done_; })) connection.interrupt();
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;  // Last: it uses the others.
};

// How a column's text stands in JSON.
enum class JsonKind { kText, kBoolean, kInteger, kReal };

JsonKind json_kind(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return JsonKind::kBoolean;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_DECIMAL:
      return JsonKind::kInteger;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
      return JsonKind::kReal;
    default:
      return JsonKind::kText;
  }
}

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_value(const std::optional<std::string>& value, JsonKind kind) {
  if (!value) return "null";
  if (kind == JsonKind::kText) return json_text(*value);
  // JSON has no inf and no nan.
  if (kind == JsonKind::kReal && value->find_first_of("in") != std::string::npos) return "null";
  return *value;
}

struct Described {
  std::vector<std::string> columns;
  std::vector<JsonKind> kinds;
};

base::Result<OwnedStatement> prepare_only(Connection& connection, const std::string& sql) {
  Owned<duckdb_extracted_statements, duckdb_destroy_extracted> statements;
  const idx_t count = duckdb_extract_statements(connection.get(), sql.c_str(), statements.out());
  if (count == 0) {
    const char* message = duckdb_extract_statements_error(statements.get());
    return base::Error{message != nullptr ? message : "there is no statement"};
  }
  if (count != 1) return base::Error{"one statement at a time"};
  OwnedStatement statement;
  if (duckdb_prepare_extracted_statement(connection.get(), statements.get(), 0, statement.out()) !=
      DuckDBSuccess) {
    const char* message = duckdb_prepare_error(statement.get());
    return base::Error{message != nullptr ? message : "DuckDB cannot prepare it"};
  }
  return statement;
}

base::Result<Described> describe(Connection& connection, const std::string& sql) {
  auto statement = prepare_only(connection, sql);
  if (!statement) return statement.error();
  if (duckdb_prepared_statement_type(statement->get()) != DUCKDB_STATEMENT_TYPE_SELECT) {
    return base::Error{"only SELECT is allowed here"};
  }
  if (duckdb_nparams(statement->get()) != 0) return base::Error{"parameters have no values here"};
  Described described;
  const idx_t count = duckdb_prepared_statement_column_count(statement->get());
  for (idx_t column = 0; column < count; ++column) {
    const char* name = duckdb_prepared_statement_column_name(statement->get(), column);
    described.columns.emplace_back(name != nullptr ? name : "");
    duckdb_free(const_cast<char*>(name));  // EXCEPTION: the C API gives ownership as const char*.
    described.kinds.push_back(
        json_kind(duckdb_prepared_statement_column_type(statement->get(), column)));
  }
  return described;
}

std::string to_json(const Described& described, const TextTable& table, std::size_t rows_max) {
  std::string json = "{\"columns\":[";
  for (std::size_t i = 0; i < described.columns.size(); ++i) {
    json += (i == 0 ? "" : ",") + json_text(described.columns[i]);
  }
  json += "],\"rows\":[";
  const std::size_t row_count = std::min(table.rows.size(), rows_max);
  for (std::size_t row = 0; row < row_count; ++row) {
    json += row == 0 ? "[" : ",[";
    for (std::size_t i = 0; i < described.kinds.size(); ++i) {
      if (i != 0) json += ',';
      json += json_value(table.rows[row][i], described.kinds[i]);
    }
    json += ']';
  }
  json += fmt::format("],\"truncated\":{}}}", table.rows.size() > rows_max);
  return json;
}

// "SELECT _segment, _offset, count(*)" by place in one table; nothing without lineage.
base::Result<std::string> places_of(const TableSpec& table) {
  const std::size_t segment = table.find(ColumnSource::kSegment);
  const std::size_t offset = table.find(ColumnSource::kOffset);
  if (std::max(segment, offset) == table.columns.size()) {
    return base::Error{fmt::format(
        "table {} has no lineage columns: nothing can be read back by segment", table.name)};
  }
  return fmt::format("SELECT {} AS segment, {} AS place, count(*) AS copies FROM {} GROUP BY ALL",
                     quote_name(table.columns[segment].name),
                     quote_name(table.columns[offset].name), quote_name(table.name));
}

base::Result<Holding> parse_holding(const std::vector<std::optional<std::string>>& row) {
  const auto segment = logfmt::parse_segment(row[0].value_or(""));
  if (!segment) {
    return base::Error{fmt::format("'{}' in _segment names no segment", row[0].value_or("NULL"))};
  }
  Holding holding{*segment, 0, 0};
  const std::string rows = row[1].value_or("0");
  const std::string distinct_rows = row[2].value_or("0");
  std::from_chars(rows.data(), rows.data() + rows.size(), holding.rows);
  std::from_chars(distinct_rows.data(), distinct_rows.data() + distinct_rows.size(),
                  holding.distinct_rows);
  return holding;
}

}  // namespace

base::Result<QueryAnswer> answer_query(Connection& connection, std::string_view sql,
                                       const QueryLimits& limits) {
  const std::string statement(sql);
  // A second lock on the door: should a SELECT ever write, the transaction refuses.
  if (auto begun = connection.execute("BEGIN TRANSACTION READ ONLY"); !begun) return begun.error();
  auto described = describe(connection, statement);
  if (!described) return described.error();
  const Watchdog watchdog(connection, limits.timeout_ns);
  auto table = connection.read_texts(
      fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM query({}) LIMIT {}",
                  quote_text(statement), limits.rows_max + 1));
  if (!table) return table.error();
  return QueryAnswer{to_json(*described, *table, limits.rows_max)};
}

base::Result<std::vector<Holding>> read_holdings(Connection& connection,
                                                 const std::vector<TableSpec>& tables) {
  std::string places;
  for (const TableSpec& table : tables) {
    auto part = places_of(table);
    if (!part) return part.error();
    if (!places.empty()) places += " UNION ALL ";
    places += *part;
  }
  // A line may be in several tables, and in each of them once.
  auto table = connection.read_texts(
      fmt::format("SELECT segment, CAST(count(DISTINCT place) + sum(copies - 1) AS VARCHAR), "
                  "CAST(count(DISTINCT place) AS VARCHAR) FROM ({}) GROUP BY 1 ORDER BY 1",
                  places));
  if (!table) return table.error();
  std::vector<Holding> holdings;
  for (const auto& row : table->rows) {
    auto holding = parse_holding(row);
    if (!holding) return holding.error();
    holdings.push_back(*holding);
  }
  return holdings;
}

}  // namespace pixel::shipper::duckdb
