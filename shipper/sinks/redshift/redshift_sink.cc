// SPDX-License-Identifier: Apache-2.0
// See redshift_sink.h. A crash before the COMMIT leaves objects that nothing refers to: maintain()
// deletes them. When a COMMIT has no clear end the session is given up, and the next one reads from
// the stored checkpoint what became of it.
#include "shipper/sinks/redshift/redshift_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "shipper/encode/lineage_sql.h"
#include "shipper/sinks/redshift/redshift_files.h"
#include "shipper/sinks/redshift/redshift_sql.h"
#include "shipper/sinks/redshift/redshift_verdict.h"
#include "shipper/transport/object_store.h"
#include "shipper/transport/postgres_query.h"

namespace pixel::shipper {
namespace {

using redshift::explain;
using redshift::TableLoad;

constexpr std::uint64_t kCleanEveryNs = 300 * base::kSecondNs;
constexpr std::size_t kDeletesMax = 50;  // Of one maintain().

std::int64_t unix_now() { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); }

class RedshiftSink final : public Sink {
 public:
  RedshiftSink(std::string name, std::vector<TableSpec> tables, RedshiftSettings settings)
      : name_(std::move(name)),
        tables_(std::move(tables)),
        settings_(std::move(settings)),
        store_(settings_.store) {}

  Guarantee guarantee() const override {
    return {true,
            "COPY of the manifest, its row in pixeledge_loads and the checkpoint are one "
            "transaction, which moves the checkpoint only from the value that the shipper knows",
            "somebody writes the tables or their checkpoint by hand"};
  }
  base::Result<Checkpoint> open() override;
  Verdict deliver(const Batch& batch) override;
  void maintain() override;
  base::Status reach() override;
  base::Result<std::string> initialise(bool dry_run) override;
  Verdict restore(const Batch& batch) override;
  base::Result<std::vector<Holding>> holdings() override;
  base::Result<QueryAnswer> query(std::string_view sql) override;
  void close() override { session_.reset(); }

 private:
  PgResult<PostgresConnection> connect(bool is_reader) const;
  PgResult<std::vector<std::string>> missing(PostgresConnection& connection, base::Status& status);
  PgStatus open_session();
  base::Status prepare_tables();
  PgResult<std::string> read_checkpoint();
  std::optional<Verdict> reopen(const std::string& after);
  std::optional<Verdict> upload(const std::vector<TableLoad>& loads, const std::string& token);
  StoreStatus put(const redshift::LoadFile& file, const std::string& token, bool is_gzip);
  PgStatus load_all(const std::vector<TableLoad>& loads, const std::string& token);
  PgStatus restore_all(const std::vector<TableLoad>& loads);
  Verdict settle(const PgError& error, const std::vector<TableLoad>& loads,
                 const std::string& token);
  Verdict find_guilty(const PgError& error, const std::vector<TableLoad>& loads,
                      const std::string& token);
  std::optional<std::set<std::string>> kept_tokens();

  const std::string name_;
  const std::vector<TableSpec> tables_;
  const RedshiftSettings settings_;
  ObjectStore store_;
  std::optional<PostgresConnection> session_;
  std::string committed_;  // The checkpoint's text as it is stored.
  std::uint64_t clean_at_ns_ = 0;
};

PgResult<PostgresConnection> RedshiftSink::connect(bool is_reader) const {
  auto password = settings_.password.read();
  if (!password) return PgError{"", password.error().message, ""};
  PostgresOptions options;
  options.dsn = settings_.dsn;
  options.password = std::move(*password);
  options.application_name = "pixel-shipper " + name_ + (is_reader ? " (reads)" : "");
  options.connect_timeout_ns = settings_.connect_timeout_ns;
  options.timeout_ns = settings_.timeout_ns;
  // A little before we give up ourselves, so that the reason comes through.
  options.prelude =
      fmt::format("SET statement_timeout TO {}; SET search_path TO {}, public",
                  settings_.timeout_ns / base::kMillisecondNs * 9 / 10, pg_name(settings_.schema));
  return PostgresConnection::open(options);
}

// What must be made; `status` has an error where a table is not as configured.
PgResult<std::vector<std::string>> RedshiftSink::missing(PostgresConnection& connection,
                                                         base::Status& status) {
  auto found = connection.run(redshift::stored_tables_sql(settings_.schema));
  if (!found) return found.error();
  redshift::StoredTables stored;
  for (const auto& row : found->rows) {
    stored[row[0].value_or("")][row[1].value_or("")] = row[2].value_or("");
  }
  auto statements = redshift::plan_tables(settings_, tables_, stored);
  if (statements) return std::move(*statements);
  status = statements.error();
  return std::vector<std::string>{};
}

PgStatus RedshiftSink::open_session() {
  session_.reset();
  auto opened = connect(false);
  if (!opened) return opened.error();
  session_.emplace(std::move(*opened));
  return base::Unit{};
}

base::Status RedshiftSink::prepare_tables() {
  base::Status status = base::ok_status();
  auto statements = missing(*session_, status);
  if (!statements) return base::Error{explain(statements.error())};
  if (!status || statements->empty()) return status;
  if (!settings_.create) {
    return base::Error{fmt::format(
        "schema {} at {} is not ready ({}): run \"pixel-shipper init\", or set create = true",
        settings_.schema, postgres_dsn_place(settings_.dsn), statements->front())};
  }
  for (const std::string& statement : *statements) {
    if (auto made = session_->run(statement); !made) return base::Error{explain(made.error())};
  }
  return base::ok_status();
}

PgResult<std::string> RedshiftSink::read_checkpoint() {
  auto stored = session_->run(
      redshift::read_checkpoint_sql(settings_, name_, to_text(Checkpoint{}), unix_now()));
  if (!stored) {
    (void)session_->run("ROLLBACK");
    return stored.error();
  }
  if (stored->rows.size() != 1) {
    return PgError{"",
                   fmt::format("pixeledge_checkpoint has {} rows of sink {} instead of one",
                               stored->rows.size(), name_),
                   ""};
  }
  return stored->rows[0][0].value_or("");
}

base::Result<Checkpoint> RedshiftSink::open() {
  if (auto status = store_.prepare(); !status) return status.error();
  if (auto opened = open_session(); !opened) return base::Error{explain(opened.error())};
  const auto give_up = [this](std::string message) {
    session_.reset();
    return base::Error{std::move(message)};
  };
  if (auto status = prepare_tables(); !status) return give_up(status.error().message);
  auto stored = read_checkpoint();
  if (!stored) return give_up(explain(stored.error()));
  auto checkpoint = parse_checkpoint(*stored);
  if (!checkpoint) {
    return give_up(fmt::format("the checkpoint of sink {} in schema {}: {}", name_,
                               settings_.schema, checkpoint.error().message));
  }
  committed_ = *stored;
  return checkpoint;
}

// After a session that ended in the dark the cluster itself says what happened; a verdict when that
// is final.
std::optional<Verdict> RedshiftSink::reopen(const std::string& after) {
  if (auto opened = open_session(); !opened) return redshift::judge(opened.error());
  auto stored = read_checkpoint();
  if (!stored) {
    session_.reset();
    return redshift::judge(stored.error());
  }
  if (*stored == committed_) return std::nullopt;
  if (*stored != after) {
    return rejected(fmt::format(
        "the checkpoint of sink {} in schema {} was changed by someone else: does another shipper "
        "deliver under this name? Restart this one to go on from there",
        name_, settings_.schema));
  }
  committed_ = after;
  return acked();
}

StoreStatus RedshiftSink::put(const redshift::LoadFile& file, const std::string& token,
                              bool is_gzip) {
  PutOptions options;
  options.content_type = is_gzip ? "application/gzip" : "text/plain";
  options.metadata = {{"pixel-batch", token}, {"pixel-xxh3", file.hash}};
  return store_.put(file.key, file.body, options);
}

// The manifest last: where it is, all that it names is.
std::optional<Verdict> RedshiftSink::upload(const std::vector<TableLoad>& loads,
                                            const std::string& token) {
  for (const TableLoad& load : loads) {
    for (const redshift::LoadFile& file : load.files) {
      if (auto done = put(file, token, settings_.gzip); !done) return redshift::judge(done.error());
    }
    if (auto done = put(load.manifest, token, false); !done) return redshift::judge(done.error());
  }
  return std::nullopt;
}

PgStatus RedshiftSink::load_all(const std::vector<TableLoad>& loads, const std::string& token) {
  for (const TableLoad& load : loads) {
    auto copied = session_->run(redshift::copy_sql(settings_, tables_, load));
    if (!copied) return copied.error();
    auto noted = session_->run(redshift::note_load_sql(settings_, name_, token, load, unix_now()));
    if (!noted) return noted.error();
  }
  return base::Unit{};
}

// Which row it was, by what the cluster noted of the load; the whole batch where it noted nothing.
Verdict RedshiftSink::find_guilty(const PgError& error, const std::vector<TableLoad>& loads,
                                  const std::string& token) {
  auto found = session_->run(redshift::load_errors_sql(token));
  if (!found || found->rows.empty()) return rejected(explain(error));
  const auto& row = found->rows[0];
  const std::string file_name = row[0].value_or("");
  const std::string line_text = row[1].value_or("");
  std::uint64_t line = 0;
  std::from_chars(line_text.data(), line_text.data() + line_text.size(), line);
  Verdict verdict{Verdict::Kind::kRowsRejected, explain(error), 0, {}};
  for (const TableLoad& load : loads) {
    for (const redshift::LoadFile& file : load.files) {
      if (!file_name.ends_with(file.key) || line == 0 || line > file.rows) continue;
      verdict.faults.push_back({load.table, static_cast<std::uint32_t>(file.first_row + line - 1),
                                row[2].value_or("COPY refused it")});
    }
  }
  return verdict.faults.empty() ? rejected(explain(error)) : verdict;
}

// After an error within the transaction, which is then undone.
Verdict RedshiftSink::settle(const PgError& error, const std::vector<TableLoad>& loads,
                             const std::string& token) {
  if (session_->is_lost() || error.sqlstate.empty() || !session_->run("ROLLBACK")) {
    session_.reset();
    return retry(base::Error{explain(error)});
  }
  if (redshift::classify(error) == redshift::ErrorClass::kLoad) {
    return find_guilty(error, loads, token);
  }
  return redshift::judge(error);
}

Verdict RedshiftSink::deliver(const Batch& batch) {
  const std::string after = to_text(batch.after);
  const std::string token = batch.token();
  if (!session_) {
    if (auto verdict = reopen(after)) return *verdict;
  }
  auto loads = redshift::plan_loads(batch, tables_, settings_, name_);
  if (!loads) return rejected(loads.error().message);
  if (auto verdict = upload(*loads, token)) return *verdict;
  auto moved =
      session_->run(redshift::move_checkpoint_sql(settings_, name_, committed_, after, unix_now()));
  if (!moved) return settle(moved.error(), *loads, token);
  if (moved->affected != 1) {
    session_.reset();  // And with it the transaction.
    if (auto verdict = reopen(after)) return *verdict;
    return retry(base::Error{"the checkpoint moved and came back"});
  }
  if (auto loaded = load_all(*loads, token); !loaded) {
    return settle(loaded.error(), *loads, token);
  }
  if (auto done = session_->run("COMMIT"); !done) {
    session_.reset();
    return retry(base::Error{explain(done.error())});
  }
  committed_ = after;
  return acked();
}

PgStatus RedshiftSink::restore_all(const std::vector<TableLoad>& loads) {
  if (auto begun = session_->run("BEGIN"); !begun) return begun.error();
  for (const TableLoad& load : loads) {
    const TableSpec& table = tables_[load.table];
    const std::string staging = fmt::format("pixeledge_staging_{}", load.table);
    auto made = session_->run(fmt::format("CREATE TEMP TABLE {} (LIKE {}.{})", staging,
                                          pg_name(settings_.schema), pg_name(table.name)));
    if (!made) return made.error();
    auto copied = session_->run(redshift::copy_sql(settings_, tables_, load, staging));
    if (!copied) return copied.error();
    auto added = session_->run(redshift::restore_sql(settings_, table, staging));
    if (!added) return added.error();
    if (auto dropped = session_->run("DROP TABLE " + staging); !dropped) return dropped.error();
  }
  auto done = session_->run("COMMIT");
  if (!done) return done.error();
  return base::Unit{};
}

// A second try adds only what is not there, so that an unknown end needs no look.
Verdict RedshiftSink::restore(const Batch& batch) {
  for (const TableSpec& table : tables_) {
    const std::size_t place =
        std::max(table.find(ColumnSource::kSegment), table.find(ColumnSource::kOffset));
    if (settings_.preset == RedshiftPreset::kHpx || place >= table.columns.size()) {
      return rejected("a table without _segment and _offset cannot tell which rows it has");
    }
  }
  if (!session_) {
    if (auto opened = open_session(); !opened) return redshift::judge(opened.error());
  }
  auto loads = redshift::plan_loads(batch, tables_, settings_, name_);
  if (!loads) return rejected(loads.error().message);
  const std::string token = batch.token();
  if (auto verdict = upload(*loads, token)) return *verdict;
  if (auto done = restore_all(*loads); !done) return settle(done.error(), *loads, token);
  return acked();
}

// Tokens whose objects stay; nothing where the cluster does not say.
std::optional<std::set<std::string>> RedshiftSink::kept_tokens() {
  if (!session_) return std::nullopt;
  const auto keep_s = static_cast<std::int64_t>(settings_.keep_ns / base::kSecondNs);
  auto found = session_->run(redshift::loaded_tokens_sql(settings_, name_, unix_now() - keep_s));
  if (!found) return std::nullopt;
  std::set<std::string> tokens;
  for (const auto& row : found->rows) tokens.insert(row[0].value_or(""));
  return tokens;
}

// No batch is under way here: what is not in pixeledge_loads was left by a process that died, or is
// older than it must be.
void RedshiftSink::maintain() {
  const std::uint64_t now_ns = base::monotonic_ns();
  if (now_ns < clean_at_ns_) return;
  const auto kept = kept_tokens();
  if (!kept) return;
  const std::string prefix = redshift::loads_prefix(settings_, name_);
  std::vector<std::string> doomed;
  const auto listed = store_.for_each(prefix, [&](const ObjectSummary& object) {
    const std::size_t slash = object.key.find('/', prefix.size());
    const std::string token = object.key.substr(prefix.size(), slash - prefix.size());
    if (slash != std::string::npos && !kept->contains(token)) doomed.push_back(object.key);
    return doomed.size() < kDeletesMax;
  });
  if (!listed) spdlog::warn("sink {}: cannot list old objects: {}", name_, listed.error().message);
  for (const std::string& key : doomed) {
    if (auto removed = store_.remove(key); !removed) {
      spdlog::warn("sink {}: cannot delete {}: {}", name_, key, removed.error().message);
      break;
    }
  }
  const bool is_done = doomed.size() < kDeletesMax;
  clean_at_ns_ = is_done ? now_ns + kCleanEveryNs : now_ns;
}

base::Status RedshiftSink::reach() {
  if (auto status = store_.prepare(); !status) return status;
  if (auto reached = store_.reach(); !reached) return base::Error{reached.error().message};
  auto connection = connect(true);
  if (!connection) return base::Error{explain(connection.error())};
  base::Status status = base::ok_status();
  auto statements = missing(*connection, status);
  if (!statements) return base::Error{explain(statements.error())};
  if (status && !statements->empty() && !settings_.create) {
    return base::Error{fmt::format("schema {} at {} is not ready ({}): run \"pixel-shipper init\"",
                                   settings_.schema, postgres_dsn_place(settings_.dsn),
                                   statements->front())};
  }
  return status;
}

base::Result<std::string> RedshiftSink::initialise(bool dry_run) {
  if (auto status = store_.prepare(); !status) return status.error();
  auto connection = connect(false);
  if (!connection) return base::Error{explain(connection.error())};
  base::Status status = base::ok_status();
  auto statements = missing(*connection, status);
  if (!statements) return base::Error{explain(statements.error())};
  if (!status) return status.error();
  std::string said;
  if (const auto reached = store_.reach(); !reached) {
    if (reached.error().code != "NoSuchBucket") return base::Error{reached.error().message};
    said += "create bucket " + settings_.store.bucket + "\n";
    if (!dry_run) {
      if (auto made = store_.create_bucket(); !made) return base::Error{made.error().message};
    }
  }
  for (const std::string& statement : *statements) {
    if (!dry_run) {
      if (auto made = connection->run(statement); !made) return base::Error{explain(made.error())};
    }
    said += statement + ";\n";
  }
  return said.empty() ? std::string("nothing to make\n") : said;
}

base::Result<std::vector<Holding>> RedshiftSink::holdings() {
  if (settings_.preset == RedshiftPreset::kHpx) {
    return base::Error{"table pixels has no lineage columns: nothing can be read back by segment"};
  }
  auto sql = lineage_sql(settings_.schema, tables_);
  if (!sql) return sql.error();
  auto connection = connect(true);
  if (!connection) return base::Error{explain(connection.error())};
  auto counts = connection->run(*sql);
  if (!counts) return base::Error{explain(counts.error())};
  return holdings_of(counts->rows);
}

base::Result<QueryAnswer> RedshiftSink::query(std::string_view sql) {
  auto connection = connect(true);
  if (!connection) return base::Error{explain(connection.error())};
  auto json = answer_postgres_query(*connection, sql,
                                    {settings_.query_rows_max, settings_.query_timeout_ns});
  if (!json) return json.error();
  return QueryAnswer{std::move(*json)};
}

}  // namespace

std::unique_ptr<Sink> create_redshift_sink(std::string name, std::vector<TableSpec> tables,
                                           RedshiftSettings settings) {
  return std::make_unique<RedshiftSink>(std::move(name), std::move(tables), std::move(settings));
}

}  // namespace pixel::shipper
