// SPDX-License-Identifier: Apache-2.0
// DuckDB's C API with owners: a database, its connections, and errors as base::Error. COLD.
// A Database may be shared by threads; a Connection belongs to one thread at a time (interrupt()
// excepted). Nothing here throws; DuckDB's own exceptions end inside its C API.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "shipper/sinks/duckdb/duckdb_library.h"

namespace pixel::shipper::duckdb {

/// Owns one handle of the C API. Move-only.
template <class T, const auto& Destroy>
class Owned {
 public:
  Owned() = default;
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    if (this != &other) reset(std::exchange(other.handle_, nullptr));
    return *this;
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { reset(); }

  T get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != nullptr; }
  /// For functions that fill a handle in. REQUIRES: it is empty.
  T* out() noexcept { return &handle_; }
  void reset(T handle = nullptr) noexcept {
    if (handle_ != nullptr) Destroy(&handle_);
    handle_ = handle;
  }

 private:
  T handle_ = nullptr;
};

using OwnedChunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using OwnedType = Owned<duckdb_logical_type, duckdb_destroy_logical_type>;
using OwnedStatement = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;

/// A small answer, every value as its text; nothing stands for NULL.
struct TextTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

class Connection {
 public:
  /// Runs one or more statements; the answer is dropped.
  base::Status execute(const std::string& sql);
  /// Reads the whole answer. REQUIRES: every column is VARCHAR (cast in the statement).
  base::Result<TextTable> read_texts(const std::string& sql);
  /// Ends what runs on this connection with an error. Any thread.
  void interrupt() noexcept { duckdb_interrupt(connection_.get()); }
  duckdb_connection get() const noexcept { return connection_.get(); }

 private:
  friend class Database;
  Owned<duckdb_connection, duckdb_disconnect> connection_;
};

/// A setting of DuckDB by its own name and spelling.
struct Option {
  const char* name;
  std::string value;
};

class Database {
 public:
  /// Opens or creates the file; ":memory:" for one without. The error is DuckDB's own message, or
  /// says why its library cannot be loaded.
  static base::Result<Database> open(const std::string& path, const std::vector<Option>& options);
  base::Result<Connection> connect() const;

 private:
  Owned<duckdb_database, duckdb_close> database_;
};

/// "name" and 'text' with the quotes inside doubled.
std::string quote_name(std::string_view name);
std::string quote_text(std::string_view text);

}  // namespace pixel::shipper::duckdb
