// SPDX-License-Identifier: Apache-2.0
// See duckdb_sink.h. The sink's thread owns writer_; queries take connections of their own and hold
// database_mutex_ shared, so that a reopening waits for them. DuckDB's own lock is per process: a
// second opening in this one would go unnoticed and corrupt the file; lock_ (flock) refuses it.
#include "shipper/sinks/duckdb/duckdb_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <shared_mutex>

#include "base/diagnostics.h"
#include "base/file.h"
#include "shipper/sinks/duckdb/duckdb_query.h"
#include "shipper/sinks/duckdb/duckdb_restore.h"
#include "shipper/sinks/duckdb/duckdb_rows.h"
#include "shipper/sinks/duckdb/duckdb_schema.h"
#include "shipper/views/views.h"

namespace pixel::shipper {
namespace {

class DuckdbSink final : public Sink {
 public:
  DuckdbSink(std::string name, std::vector<TableSpec> tables, DuckdbSettings settings)
      : name_(std::move(name)), tables_(std::move(tables)), settings_(std::move(settings)) {}

  Guarantee guarantee() const override {
    return {true, "rows and checkpoint are one transaction of the database",
            "somebody restores an older copy of the database file or changes its checkpoint table"};
  }
  base::Result<Checkpoint> open() override;
  Verdict deliver(const Batch& batch) override;
  base::Status reach() override;
  Verdict restore(const Batch& batch) override;
  base::Result<std::vector<Holding>> holdings() override;
  base::Result<QueryAnswer> query(std::string_view sql) override;
  void close() override;

 private:
  base::Status take_lock();
  base::Status create_database() const;
  base::Status open_database();
  base::Result<duckdb::Connection> connect_reader();
  void make_views();
  base::Status store(const Batch& batch);
  base::Status settle(const base::Status& stored);
  std::optional<Verdict> reopen(const Checkpoint& after);
  std::vector<duckdb::Option> options() const;

  const std::string name_;
  const std::vector<TableSpec> tables_;
  const DuckdbSettings settings_;
  base::UniqueFd lock_;               // <path>.lock, held from open() to close().
  std::shared_mutex database_mutex_;  // Guards database_, not what is done with it.
  std::optional<duckdb::Database> database_;
  std::optional<duckdb::Connection> writer_;
  Checkpoint committed_;
};

std::vector<duckdb::Option> DuckdbSink::options() const {
  return {
      {"threads", std::to_string(settings_.threads)},
      {"memory_limit", fmt::format("{}B", settings_.memory_bytes)},
      {"wal_autocheckpoint", fmt::format("{}B", settings_.wal_bytes)},
      // What a query may not do: read files, load code, change these settings.
      {"enable_external_access", "false"},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      {"lock_configuration", "true"},
  };
}

// A lock that is held is kept: open() may be tried again on the same sink.
base::Status DuckdbSink::take_lock() {
  if (lock_) return base::ok_status();
  std::filesystem::path path = settings_.path;
  path += ".lock";
  auto file = base::open_file(path, O_RDWR | O_CREAT);
  if (!file) return file.error();
  if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
    return base::Error{fmt::format("{} is open in another sink or shipper ({} is locked)",
                                   settings_.path.string(), path.string())};
  }
  lock_ = std::move(*file);
  return base::ok_status();
}

// DuckDB takes the begin of a database file, which is what a kill leaves of its creation, for the
// file of somebody else and refuses it for good. So it is made under another name.
base::Status DuckdbSink::create_database() const {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(settings_.path, error);
  if (!error && bytes > 0) return base::ok_status();
  std::filesystem::path making = settings_.path;
  making += ".new";
  for (const char* suffix : {"", ".wal"}) std::filesystem::remove(making.string() + suffix, error);
  {
    auto made = duckdb::Database::open(making.string(), options());
    if (!made) return made.error();
  }
  auto file = base::open_file(making, O_RDONLY);
  if (!file) return file.error();
  const bool is_moved =
      ::fsync(file->get()) == 0 && ::rename(making.c_str(), settings_.path.c_str()) == 0;
  if (!is_moved) return base::errno_error("create", settings_.path, errno);
  const auto folder = settings_.path.parent_path();
  return base::sync_directory(folder.empty() ? std::filesystem::path(".") : folder);
}

base::Status DuckdbSink::open_database() {
  const std::unique_lock lock(database_mutex_);
  writer_.reset();
  database_.reset();
  if (auto created = create_database(); !created) {
    return base::Error{"cannot make a database: " + created.error().message};
  }
  auto database = duckdb::Database::open(settings_.path.string(), options());
  if (!database) {
    const bool locked = database.error().message.find("lock") != std::string::npos;
    return base::Error{fmt::format("cannot open {}{}: {}", settings_.path.string(),
                                   locked ? " (another process has it open)" : "",
                                   database.error().message)};
  }
  auto writer = database->connect();
  if (!writer) return writer.error();
  database_.emplace(std::move(*database));
  writer_.emplace(std::move(*writer));
  return base::ok_status();
}

base::Result<Checkpoint> DuckdbSink::open() {
  if (settings_.path.has_parent_path()) {
    auto made = base::create_directories(settings_.path.parent_path());
    if (!made) return made.error();
  }
  if (auto locked = take_lock(); !locked) return locked.error();
  if (auto opened = open_database(); !opened) return opened.error();
  for (const TableSpec& table : tables_) {
    if (auto made = duckdb::ensure_table(*writer_, table); !made) return made.error();
  }
  if (auto made = duckdb::ensure_checkpoint_table(*writer_); !made) return made.error();
  if (settings_.views) make_views();
  auto checkpoint = duckdb::read_checkpoint(*writer_, name_);
  if (!checkpoint) {
    return base::Error{fmt::format("the checkpoint of sink {} in {}: {}", name_,
                                   settings_.path.string(), checkpoint.error().message)};
  }
  committed_ = *checkpoint;
  return checkpoint;
}

// Rows do not depend on them: one that cannot be made is said and left out.
void DuckdbSink::make_views() {
  for (const ViewStatement& view : view_statements(SqlDialect::kDuckdb, tables_, "")) {
    const auto made = writer_->execute(view.sql);
    if (made) continue;
    spdlog::warn("sink {}: view {} was not made: {}", name_, view.name, made.error().message);
  }
}

base::Status DuckdbSink::store(const Batch& batch) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    auto appended = duckdb::append_rows(*writer_, tables_[i], batch.tables[i]);
    if (!appended) return appended;
  }
  return duckdb::write_checkpoint(*writer_, name_, batch.after);
}

// Ends the transaction. When that fails nothing is known, and the connection is given up.
base::Status DuckdbSink::settle(const base::Status& stored) {
  auto ended = writer_->execute(stored ? "COMMIT" : "ROLLBACK");
  if (!ended) writer_.reset();
  return stored ? ended : stored;
}

// After a failed COMMIT the database itself says what happened; a verdict when that is final.
std::optional<Verdict> DuckdbSink::reopen(const Checkpoint& after) {
  if (auto opened = open_database(); !opened) return retry(opened.error());
  auto stored = duckdb::read_checkpoint(*writer_, name_);
  if (!stored) {
    writer_.reset();
    return retry(stored.error());
  }
  if (*stored == committed_) return std::nullopt;
  if (*stored != after) {
    return rejected("the stored checkpoint was changed by someone else");
  }
  committed_ = after;
  return acked();
}

Verdict DuckdbSink::deliver(const Batch& batch) {
  if (!writer_) {
    if (auto verdict = reopen(batch.after)) return *verdict;
  }
  if (auto begun = writer_->execute("BEGIN"); !begun) {
    writer_.reset();
    return retry(begun.error());
  }
  if (auto stored = settle(store(batch)); !stored) return retry(stored.error());
  committed_ = batch.after;
  return acked();
}

// The database is not opened: the running shipper has it.
base::Status DuckdbSink::reach() { return base::check_writable(settings_.path.parent_path()); }

// One transaction, without the checkpoint. After a COMMIT of which nothing is known it is simply
// done again: what is there is not added twice.
Verdict DuckdbSink::restore(const Batch& batch) {
  if (!writer_) {
    if (auto opened = open_database(); !opened) return retry(opened.error());
  }
  if (auto begun = writer_->execute("BEGIN"); !begun) {
    writer_.reset();
    return retry(begun.error());
  }
  base::Status added = base::ok_status();
  for (std::size_t i = 0; i < tables_.size() && added; ++i) {
    added = duckdb::add_missing_rows(*writer_, tables_[i], batch.tables[i]);
  }
  if (auto stored = settle(added); !stored) return retry(stored.error());
  return acked();
}

base::Result<duckdb::Connection> DuckdbSink::connect_reader() {
  if (!database_) return base::Error{"the database is not open"};
  return database_->connect();
}

base::Result<std::vector<Holding>> DuckdbSink::holdings() {
  const std::shared_lock lock(database_mutex_);
  auto reader = connect_reader();
  if (!reader) return reader.error();
  return duckdb::read_holdings(*reader, tables_);
}

base::Result<QueryAnswer> DuckdbSink::query(std::string_view sql) {
  const std::shared_lock lock(database_mutex_);
  auto reader = connect_reader();
  if (!reader) return reader.error();
  return duckdb::answer_query(*reader, sql, {settings_.query_rows_max, settings_.query_timeout_ns});
}

void DuckdbSink::close() {
  const std::unique_lock lock(database_mutex_);
  writer_.reset();
  database_.reset();  // The last to close makes a checkpoint and removes the WAL.
  lock_.reset();
}

}  // namespace

std::unique_ptr<Sink> create_duckdb_sink(std::string name, std::vector<TableSpec> tables,
                                         DuckdbSettings settings) {
  return std::make_unique<DuckdbSink>(std::move(name), std::move(tables), std::move(settings));
}

}  // namespace pixel::shipper
