// SPDX-License-Identifier: Apache-2.0
// See postgres_sink.h. The sink's thread owns session_; queries and holdings take connections of
// their own. When a COMMIT has no clear end the session is given up, and the next one reads from
// the stored checkpoint what became of it.
#include "shipper/sinks/postgres/postgres_sink.h"

#include <fmt/format.h>

#include <optional>

#include "shipper/encode/lineage_sql.h"
#include "shipper/sinks/postgres/postgres_rows.h"
#include "shipper/sinks/postgres/postgres_schema.h"
#include "shipper/sinks/postgres/postgres_session.h"
#include "shipper/sinks/postgres/postgres_verdict.h"
#include "shipper/transport/postgres_query.h"

namespace pixel::shipper {
namespace {

using postgres::explain;
using postgres::Way;

constexpr std::size_t kFaultsMax = 1000;  // Of one attempt; the next one finds more.

class PostgresSink final : public Sink {
 public:
  PostgresSink(std::string name, std::vector<TableSpec> tables, PostgresSettings settings)
      : name_(std::move(name)),
        tables_(std::move(tables)),
        settings_(std::move(settings)),
        session_(name_, settings_) {
    for (std::uint32_t i = 0; i < tables_.size(); ++i) {
      writers_.emplace_back(settings_.stage, tables_[i], i);
    }
  }

  Guarantee guarantee() const override {
    return {
        true,
        "rows and checkpoint are one transaction, which moves the checkpoint only from the value "
        "that the shipper knows",
        "the server loses a commit that it acknowledged (fsync off, a fail-over to an "
        "asynchronous standby), or somebody writes the tables or their checkpoint by hand"};
  }
  base::Result<Checkpoint> open() override;
  Verdict deliver(const Batch& batch) override;
  base::Status reach() override;
  base::Result<std::string> initialise(bool dry_run) override;
  Verdict restore(const Batch& batch) override;
  base::Result<std::vector<Holding>> holdings() override;
  base::Result<QueryAnswer> query(std::string_view sql) override;
  void close() override { session_.close(); }

 private:
  /// What went wrong, and where.
  struct Failure {
    PgError error;
    std::optional<std::size_t> table;  // Its rows were being written.
    bool is_conflict = false;          // The stored checkpoint is not the one we know.
    bool is_unknown = false;           // A COMMIT without a clear end.
  };

  postgres::Wanted wanted(bool with_roles) const;
  base::Status prepare_tables();
  base::Status open_session();
  std::optional<Verdict> reopen(const std::string& after);
  std::optional<Failure> store(const Batch& batch, const std::string& after);
  std::optional<Failure> prepare(Way way);
  std::optional<Failure> write_tables(const Batch& batch, Way way);
  std::optional<Failure> commit();
  Verdict settle(const Batch& batch, const std::string& after, const Failure& failure);
  Verdict find_guilty(const Batch& batch, const Failure& failure, Way way);
  void end_transaction();
  static std::string make_view(PostgresConnection& connection, const postgres::ViewPlan& view,
                               bool dry_run);
  Way way() const { return settings_.mode == PostgresMode::kUpsert ? Way::kUpsert : Way::kCopy; }

  const std::string name_;
  const std::vector<TableSpec> tables_;
  const PostgresSettings settings_;
  postgres::Session session_;
  std::vector<postgres::TableWriter> writers_;  // In the order of the tables.
  std::string committed_;                       // The checkpoint's text as it is stored.
};

postgres::Wanted PostgresSink::wanted(bool with_roles) const {
  postgres::Wanted wanted;
  wanted.schema = settings_.stage;
  wanted.tables = tables_;
  wanted.mode = settings_.mode;
  wanted.with_roles = with_roles;
  wanted.reader_role = settings_.reader_role;
  wanted.writer_role = settings_.writer_role;
  // Like roles, views are made by init alone.
  if (with_roles) {
    wanted.views = view_statements(SqlDialect::kPostgres, tables_, pg_name(settings_.stage) + ".");
  }
  // Where somebody else makes the tables, who delivers into them must be let in.
  if (!settings_.init_dsn.empty()) wanted.login = postgres_dsn_user(settings_.dsn);
  if (wanted.login == postgres_dsn_user(settings_.init_dsn)) wanted.login.clear();
  return wanted;
}

// Makes what is missing, or says what is.
base::Status PostgresSink::prepare_tables() {
  auto inventory = postgres::take_inventory(session_.connection(), wanted(false));
  if (!inventory) return base::Error{explain(inventory.error())};
  auto statements = postgres::plan(*inventory, wanted(false));
  if (!statements) return statements.error();
  if (statements->empty()) return base::ok_status();
  if (!settings_.create) {
    return base::Error{fmt::format(
        "schema {} at {} is not ready ({}): run \"pixel-shipper init\", or set create = true",
        settings_.stage, postgres_dsn_place(settings_.dsn), statements->front())};
  }
  // Large tables take their time, and beginning again would not make it shorter.
  session_.connection().set_patience(nullptr);
  auto done = postgres::carry_out(session_.connection(), *statements);
  session_.connection().set_patience(settings_.patience);
  if (!done) return base::Error{explain(done.error())};
  return base::ok_status();
}

base::Status PostgresSink::open_session() {
  for (auto& writer : writers_) writer.forget_session();
  return session_.open();
}

base::Result<Checkpoint> PostgresSink::open() {
  if (auto opened = open_session(); !opened) return opened.error();
  auto status = prepare_tables();
  if (!status) {
    session_.close();
    return status.error();
  }
  auto stored = session_.read_checkpoint();
  if (!stored) {
    session_.close();
    return base::Error{explain(stored.error())};
  }
  auto checkpoint = parse_checkpoint(*stored);
  if (!checkpoint) {
    session_.close();
    return base::Error{fmt::format("the checkpoint of sink {} in schema {}: {}", name_,
                                   settings_.stage, checkpoint.error().message)};
  }
  committed_ = *stored;
  return checkpoint;
}

// After a session that ended in the dark the server itself says what happened; a verdict when that
// is final.
std::optional<Verdict> PostgresSink::reopen(const std::string& after) {
  if (auto opened = open_session(); !opened) return retry(opened.error());
  auto stored = session_.read_checkpoint();
  if (!stored) {
    session_.close();
    return postgres::judge(stored.error());
  }
  if (*stored == committed_) return std::nullopt;
  if (*stored != after) {
    return rejected(
        fmt::format("the checkpoint of sink {} in schema {} was changed by someone "
                    "else; restart the shipper to go on from it",
                    name_, settings_.stage));
  }
  committed_ = after;
  return acked();
}

std::optional<PostgresSink::Failure> PostgresSink::prepare(Way way) {
  for (auto& writer : writers_) {
    auto prepared = writer.prepare(session_.connection(), way);
    if (!prepared) return Failure{prepared.error(), std::nullopt, false, false};
  }
  return std::nullopt;
}

std::optional<PostgresSink::Failure> PostgresSink::write_tables(const Batch& batch, Way way) {
  for (std::size_t i = 0; i < writers_.size(); ++i) {
    const RowBlock& rows = batch.tables[i];
    auto written = writers_[i].write(session_.connection(), rows, 0, rows.row_count, way);
    if (!written) return Failure{written.error(), i, false, false};
  }
  return std::nullopt;
}

std::optional<PostgresSink::Failure> PostgresSink::commit() {
  auto done = session_.connection().run("COMMIT");
  if (done) return std::nullopt;
  // A deferred constraint speaks here, and then nothing is there.
  const bool is_row = postgres::classify(done.error().sqlstate) == postgres::ErrorClass::kRow &&
                      !done.error().sqlstate.empty();
  return Failure{done.error(), std::nullopt, false, !is_row};
}

std::optional<PostgresSink::Failure> PostgresSink::store(const Batch& batch,
                                                         const std::string& after) {
  if (auto failure = prepare(way())) return failure;
  auto moved = session_.begin_move(committed_, after);
  if (!moved) return Failure{moved.error(), std::nullopt, false, false};
  if (!*moved) return Failure{{}, std::nullopt, true, false};
  if (auto failure = write_tables(batch, way())) return failure;
  return commit();
}

void PostgresSink::end_transaction() {
  if (!session_.connection().run("ROLLBACK")) session_.close();
}

// The rows that the server does not take; where none of them is guilty alone, all are.
Verdict PostgresSink::find_guilty(const Batch& batch, const Failure& failure, Way way) {
  Verdict verdict{Verdict::Kind::kRowsRejected, explain(failure.error), 0, {}};
  for (std::size_t i = 0; i < writers_.size(); ++i) {
    if (failure.table && *failure.table != i) continue;
    auto faults = writers_[i].find_faults(session_.connection(), batch.tables[i], way, kFaultsMax);
    if (!faults) {
      if (faults.error().sqlstate.empty()) session_.close();
      return postgres::judge(faults.error());
    }
    verdict.faults.insert(verdict.faults.end(), faults->begin(), faults->end());
  }
  if (verdict.faults.empty()) return rejected(verdict.reason);
  return verdict;
}

Verdict PostgresSink::settle(const Batch& batch, const std::string& after, const Failure& failure) {
  if (failure.is_unknown || session_.connection().is_lost()) {
    session_.close();
    return retry(base::Error{explain(failure.error)});
  }
  end_transaction();
  if (failure.is_conflict) {
    // Our own COMMIT of before, or somebody else's: what is stored says which.
    session_.close();
    if (auto verdict = reopen(after)) return *verdict;
    return retry(base::Error{"the checkpoint moved and came back"});
  }
  if (failure.error.sqlstate.empty()) {
    session_.close();
    return retry(base::Error{explain(failure.error)});
  }
  if (!session_.is_open()) return retry(base::Error{explain(failure.error)});
  if (postgres::classify(failure.error.sqlstate) == postgres::ErrorClass::kRow) {
    return find_guilty(batch, failure, way());
  }
  return postgres::judge(failure.error);
}

Verdict PostgresSink::deliver(const Batch& batch) {
  const std::string after = to_text(batch.after);
  if (!session_.is_open()) {
    if (auto verdict = reopen(after)) return *verdict;
  }
  if (auto failure = store(batch, after)) return settle(batch, after, *failure);
  committed_ = after;
  return acked();
}

Verdict PostgresSink::restore(const Batch& batch) {
  for (const auto& writer : writers_) {
    if (!writer.has_lineage()) {
      return rejected("a table without _segment and _offset cannot tell which rows it has");
    }
  }
  if (!session_.is_open()) {
    if (auto opened = open_session(); !opened) return retry(opened.error());
  }
  std::optional<Failure> failure = prepare(Way::kRestore);
  if (!failure) {
    auto begun = session_.connection().run("BEGIN");
    if (!begun) failure = Failure{begun.error(), std::nullopt, false, false};
  }
  if (!failure) failure = write_tables(batch, Way::kRestore);
  if (!failure) failure = commit();
  if (!failure) return acked();
  // An unknown COMMIT needs no look: a second try adds only what is not there.
  if (session_.connection().is_lost() || failure->error.sqlstate.empty()) {
    session_.close();
    return retry(base::Error{explain(failure->error)});
  }
  end_transaction();
  if (!session_.is_open()) return retry(base::Error{explain(failure->error)});
  if (postgres::classify(failure->error.sqlstate) == postgres::ErrorClass::kRow) {
    return find_guilty(batch, *failure, Way::kRestore);
  }
  return postgres::judge(failure->error);
}

base::Status PostgresSink::reach() {
  auto connection = postgres::connect(settings_, settings_.dsn, name_, true);
  if (!connection) return base::Error{explain(connection.error())};
  auto inventory = postgres::take_inventory(*connection, wanted(false));
  if (!inventory) return base::Error{explain(inventory.error())};
  auto statements = postgres::plan(*inventory, wanted(false));
  if (!statements) return statements.error();
  if (!statements->empty() && !settings_.create) {
    return base::Error{fmt::format("schema {} at {} is not ready ({}): run \"pixel-shipper init\"",
                                   settings_.stage, postgres_dsn_place(settings_.dsn),
                                   statements->front())};
  }
  if (!statements->empty()) return base::ok_status();  // Will be made, and be its maker's own.
  auto lacking = postgres::lacking_right(*connection, wanted(false));
  if (!lacking) return base::Error{explain(lacking.error())};
  if (lacking->empty()) return base::ok_status();
  return base::Error{fmt::format(
      "the user of the dsn lacks {} in schema {}: run \"pixel-shipper init\" with an init_dsn, or "
      "GRANT {} to it",
      *lacking, settings_.stage, settings_.writer_role)};
}

base::Result<std::string> PostgresSink::initialise(bool dry_run) {
  const std::string& dsn = settings_.init_dsn.empty() ? settings_.dsn : settings_.init_dsn;
  auto connection = postgres::connect(settings_, dsn, name_, false);
  if (!connection) return base::Error{explain(connection.error())};
  auto inventory = postgres::take_inventory(*connection, wanted(true));
  if (!inventory) return base::Error{explain(inventory.error())};
  auto statements = postgres::plan(*inventory, wanted(true));
  if (!statements) return statements.error();
  if (!dry_run && !statements->empty()) {
    if (auto done = postgres::carry_out(*connection, *statements); !done) {
      return base::Error{explain(done.error())};
    }
  }
  std::string said;
  for (const std::string& statement : *statements) said += statement + ";\n";
  for (const postgres::ViewPlan& view : postgres::plan_views(*inventory, wanted(true))) {
    said += make_view(*connection, view, dry_run);
  }
  return said.empty() ? std::string("nothing to make\n") : said;
}

// Nothing is delivered into a view: one that does not fit the tables is left out, and said.
std::string PostgresSink::make_view(PostgresConnection& connection, const postgres::ViewPlan& view,
                                    bool dry_run) {
  const auto done =
      dry_run ? PgStatus(base::Unit{}) : postgres::carry_out(connection, view.statements);
  if (!done) {
    return fmt::format("-- view {} is left out, it does not fit the tables: {}\n", view.name,
                       done.error().message);
  }
  std::string said;
  for (const std::string& statement : view.statements) said += statement + ";\n";
  return said;
}

base::Result<std::vector<Holding>> PostgresSink::holdings() {
  auto connection = postgres::connect(settings_, settings_.dsn, name_, true);
  if (!connection) return base::Error{explain(connection.error())};
  // Counting a large table takes longer than a batch may.
  constexpr std::uint64_t kPatienceNs = 3600 * base::kSecondNs;
  connection->set_timeout(kPatienceNs);
  if (auto set = connection->run("SET statement_timeout = '1h'"); !set) {
    return base::Error{explain(set.error())};
  }
  auto sql = lineage_sql(settings_.stage, tables_);
  if (!sql) return sql.error();
  auto counts = connection->run(*sql);
  if (!counts) return base::Error{explain(counts.error())};
  return holdings_of(counts->rows);
}

base::Result<QueryAnswer> PostgresSink::query(std::string_view sql) {
  auto connection = postgres::connect(settings_, settings_.dsn, name_, true);
  if (!connection) return base::Error{explain(connection.error())};
  constexpr std::uint64_t kGraceNs = 5 * base::kSecondNs;  // The server's own limit comes first.
  connection->set_timeout(settings_.query_timeout_ns + kGraceNs);
  auto json = answer_postgres_query(*connection, sql,
                                    {settings_.query_rows_max, settings_.query_timeout_ns});
  if (!json) return json.error();
  return QueryAnswer{std::move(*json)};
}

}  // namespace

std::unique_ptr<Sink> create_postgres_sink(std::string name, std::vector<TableSpec> tables,
                                           PostgresSettings settings) {
  return std::make_unique<PostgresSink>(std::move(name), std::move(tables), std::move(settings));
}

}  // namespace pixel::shipper
