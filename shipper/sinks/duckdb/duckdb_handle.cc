// SPDX-License-Identifier: Apache-2.0
// COLD: see duckdb_handle.h.
#include "shipper/sinks/duckdb/duckdb_handle.h"

#include <fmt/format.h>

namespace pixel::shipper::duckdb {
namespace {

// duckdb_result is a struct that must be destroyed also after an error.
struct OwnedResult {
  duckdb_result result{};
  OwnedResult() = default;
  OwnedResult(const OwnedResult&) = delete;
  OwnedResult& operator=(const OwnedResult&) = delete;
  ~OwnedResult() { duckdb_destroy_result(&result); }

  base::Status run(duckdb_connection connection, const std::string& sql) {
    if (duckdb_query(connection, sql.c_str(), &result) == DuckDBSuccess) return base::ok_status();
    const char* message = duckdb_result_error(&result);
    return base::Error{message != nullptr ? message : "DuckDB gave no reason"};
  }
};

std::optional<std::string> text_at(duckdb_vector vector, idx_t row) {
  if (!duckdb_validity_row_is_valid(duckdb_vector_get_validity(vector), row)) return std::nullopt;
  auto* strings = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  return std::string(duckdb_string_t_data(&strings[row]), duckdb_string_t_length(strings[row]));
}

void append_rows(duckdb_data_chunk chunk, idx_t column_count, TextTable& table) {
  const idx_t row_count = duckdb_data_chunk_get_size(chunk);
  for (idx_t row = 0; row < row_count; ++row) {
    auto& values = table.rows.emplace_back();
    values.reserve(column_count);
    for (idx_t column = 0; column < column_count; ++column) {
      values.push_back(text_at(duckdb_data_chunk_get_vector(chunk, column), row));
    }
  }
}

std::string quote(std::string_view text, char mark) {
  std::string quoted(1, mark);
  for (const char c : text) {
    if (c == mark) quoted += mark;
    quoted += c;
  }
  return quoted += mark;
}

}  // namespace

base::Status Connection::execute(const std::string& sql) {
  OwnedResult answer;
  return answer.run(connection_.get(), sql);
}

base::Result<TextTable> Connection::read_texts(const std::string& sql) {
  OwnedResult answer;
  if (auto run = answer.run(connection_.get(), sql); !run) return run.error();
  TextTable table;
  const idx_t column_count = duckdb_column_count(&answer.result);
  for (idx_t column = 0; column < column_count; ++column) {
    CHECK(duckdb_column_type(&answer.result, column) == DUCKDB_TYPE_VARCHAR);
    table.columns.emplace_back(duckdb_column_name(&answer.result, column));
  }
  while (true) {
    OwnedChunk chunk;
    chunk.reset(duckdb_fetch_chunk(answer.result));
    if (!chunk) break;
    append_rows(chunk.get(), column_count, table);
  }
  // A failure while fetching ends the chunks like their end does.
  const char* message = duckdb_result_error(&answer.result);
  if (message != nullptr) return base::Error{message};
  return table;
}

base::Result<Database> Database::open(const std::string& path, const std::vector<Option>& options) {
  if (auto status = duckdb_library.load(); !status) return status.error();
  Owned<duckdb_config, duckdb_destroy_config> config;
  if (duckdb_create_config(config.out()) != DuckDBSuccess) {
    return base::Error{"DuckDB cannot make a configuration: out of memory"};
  }
  for (const Option& option : options) {
    if (duckdb_set_config(config.get(), option.name, option.value.c_str()) != DuckDBSuccess) {
      return base::Error{fmt::format("DuckDB refuses {} = {}", option.name, option.value)};
    }
  }
  Database database;
  char* message = nullptr;
  if (duckdb_open_ext(path.c_str(), database.database_.out(), config.get(), &message) !=
      DuckDBSuccess) {
    base::Error error{message != nullptr ? message : "DuckDB gave no reason"};
    duckdb_free(message);
    return error;
  }
  return database;
}

base::Result<Connection> Database::connect() const {
  Connection connection;
  if (duckdb_connect(database_.get(), connection.connection_.out()) != DuckDBSuccess) {
    return base::Error{"DuckDB refuses a connection"};
  }
  return connection;
}

std::string quote_name(std::string_view name) { return quote(name, '"'); }
std::string quote_text(std::string_view text) { return quote(text, '\''); }

}  // namespace pixel::shipper::duckdb
