// SPDX-License-Identifier: Apache-2.0
// See clickhouse_sink.h. Threads: concurrency_max deliver, others ask; each borrows a client.
#include "shipper/sinks/clickhouse/clickhouse_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/diagnostics.h"
#include "shipper/sinks/clickhouse/clickhouse_insert.h"
#include "shipper/sinks/clickhouse/clickhouse_presence.h"
#include "shipper/sinks/clickhouse/clickhouse_query.h"
#include "shipper/transport/pool.h"

namespace pixel::shipper {
namespace {

constexpr std::uint32_t kEncoderVersion = 1;
// Each insert makes a part: more at once only where there is much to catch up with.
constexpr std::uint32_t kConcurrencyMax = 4;

// What open() found out; never changes while deliver() runs.
struct Destination {
  ClickhouseServer server;
  std::vector<ClickhouseTarget> targets;  // In the order of the tables.
};

// One caller's: a client, and the encoders.
struct Lane {
  Lane(const ClickhouseOptions& options, std::shared_ptr<const Destination> where)
      : destination(std::move(where)), client(options) {
    if (destination == nullptr) return;
    for (std::uint32_t i = 0; i < destination->targets.size(); ++i) {
      inserts.emplace_back(options, destination->server, destination->targets[i], i);
    }
  }
  std::shared_ptr<const Destination> destination;  // Lends to inserts.
  ClickhouseClient client;
  std::vector<ClickhouseInsert> inserts;  // By table.
};

class ClickhouseSink : public Sink {
 public:
  explicit ClickhouseSink(const ClickhouseOptions& options)
      : options_(options), askers_([this] { return std::make_unique<Lane>(options_, nullptr); }) {}

  SinkTraits traits() const override {
    return {false, false, kConcurrencyMax, true, kEncoderVersion};
  }
  Guarantee guarantee() const override;
  base::Result<Checkpoint> open() override;
  Verdict deliver(const Batch& batch) override { return insert(batch, false); }
  Verdict restore(const Batch& batch) override { return insert(batch, true); }
  base::Status reach() override;
  base::Result<std::string> initialise(bool dry_run) override;
  base::Result<std::vector<Holding>> holdings() override {
    const auto lane = askers_.borrow();
    return read_clickhouse_holdings(lane->client, options_);
  }
  base::Result<QueryAnswer> query(std::string_view sql) override {
    const auto lane = askers_.borrow();
    return ask_clickhouse(lane->client, options_, sql);
  }

 private:
  base::Result<Destination> look(ClickhouseClient& client) const;
  ClickhouseMode choose_mode(const ClickhouseServer& server, const TableSpec& spec,
                             const ClickhouseTable& table) const;
  Verdict insert(const Batch& batch, bool look);
  std::shared_ptr<const Destination> destination() const {
    const std::lock_guard lock(mutex_);
    return destination_;
  }

  const ClickhouseOptions options_;
  Pool<Lane> askers_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Destination> destination_;  // Guarded by mutex_; null until opened.
  std::unique_ptr<Pool<Lane>> lanes_;               // Made by open().
};

// Asynchronous inserts are deduplicated on replicated tables alone.
ClickhouseMode ClickhouseSink::choose_mode(const ClickhouseServer& server, const TableSpec& spec,
                                           const ClickhouseTable& table) const {
  if (options_.deduplication == ClickhouseDeduplication::kNone) return ClickhouseMode::kNone;
  const bool is_replicated =
      table.engine.starts_with("Replicated") || table.engine.starts_with("Shared");
  const bool is_token = options_.deduplication == ClickhouseDeduplication::kAuto &&
                        deduplication_window(server, table) > 0 &&
                        (is_replicated || !options_.async_insert);
  if (is_token) return ClickhouseMode::kToken;
  return can_check_presence(spec) ? ClickhouseMode::kCheck : ClickhouseMode::kNone;
}

base::Result<Destination> ClickhouseSink::look(ClickhouseClient& client) const {
  auto server = client.read_server();
  if (!server) return server.error();
  if (options_.async_insert && !server->has_setting("wait_for_async_insert")) {
    return base::Error{"ClickHouse " + server->version + " has no async_insert: leave it out"};
  }
  auto tables = client.read_tables();
  if (!tables) return tables.error();
  Destination destination{std::move(server).value(), {}};
  for (const TableSpec& spec : options_.tables) {
    const auto found = tables->find(spec.name);
    if (found == tables->end()) {
      return base::Error{fmt::format("{} has no table {}.{}: run pixel-shipper init", options_.url,
                                     options_.database, spec.name)};
    }
    auto wire = match_columns(spec, found->second, options_.is_binary);
    if (!wire) return wire.error();
    destination.targets.push_back(
        {spec, quote_name(options_.database) + "." + quote_name(spec.name), std::move(wire).value(),
         choose_mode(destination.server, spec, found->second)});
  }
  return destination;
}

base::Result<Checkpoint> ClickhouseSink::open() {
  ClickhouseClient client(options_);
  auto found = look(client);
  if (!found) return found.error();
  auto where = std::make_shared<const Destination>(std::move(found).value());
  for (const ClickhouseTarget& target : where->targets) {
    if (target.mode != ClickhouseMode::kNone) continue;
    spdlog::warn(
        "sink {}: rows of {} may come twice after a crash: the table does not know repeated "
        "inserts "
        "again, and is not looked into (deduplication = \"none\", or no _segment and _offset)",
        options_.name, target.table);
  }
  const std::lock_guard lock(mutex_);
  destination_ = where;
  lanes_ = std::make_unique<Pool<Lane>>(
      [this, where] { return std::make_unique<Lane>(options_, where); });
  return Checkpoint{};
}

Guarantee ClickhouseSink::guarantee() const {
  const auto where = destination();
  if (options_.deduplication == ClickhouseDeduplication::kNone) {
    return {false, "deduplication = \"none\": an insert whose answer was lost is sent again", "-"};
  }
  const auto has = [&](ClickhouseMode mode) {
    return where != nullptr &&
           std::any_of(where->targets.begin(), where->targets.end(),
                       [mode](const auto& target) { return target.mode == mode; });
  };
  if (has(ClickhouseMode::kNone)) {
    return {false, "a table has neither deduplication nor lineage columns to look for rows by",
            "an answer is lost"};
  }
  if (has(ClickhouseMode::kCheck)) {
    return {true,
            "before each insert, the rows of its byte ranges that are there are left out, and none "
            "begins while one of the same rows runs",
            "somebody deletes rows while they are delivered, or the server begins with an insert "
            "only after the shipper that sent it was killed and has looked again"};
  }
  const bool is_known = where != nullptr;
  return {true,
          is_known ? "each insert has a token of its byte ranges, by which the table knows it again"
                   : "each insert has a token of its byte ranges, by which the table knows it "
                     "again; where it does not, rows that are there are left out of each insert",
          "so many others insert between two attempts that the table's deduplication window (by "
          "default " +
              std::to_string(options_.deduplication_window) + " inserts) is over"};
}

Verdict ClickhouseSink::insert(const Batch& batch, bool look) {
  const auto lane = lanes_->borrow();
  const std::string token = batch.token();
  Verdict all;
  for (std::size_t i = 0; i < lane->inserts.size(); ++i) {
    if (batch.tables[i].row_count == 0) continue;
    const TableSpec& spec = options_.tables[i];
    if (look && !can_check_presence(spec)) return rejected("no columns _segment and _offset");
    Verdict verdict = lane->inserts[i].deliver(
        lane->client, batch, fmt::format("{}-{}-{}", options_.name, token, spec.name), look);
    // Tables that were taken know their rows again: the batch comes whole.
    if (verdict.kind != Verdict::Kind::kAcked) return verdict;
    std::move(verdict.faults.begin(), verdict.faults.end(), std::back_inserter(all.faults));
  }
  return all;
}

base::Status ClickhouseSink::reach() {
  ClickhouseClient client(options_);
  auto found = look(client);
  if (!found) return found.error();
  // From now on guarantee() knows what it speaks of.
  const std::lock_guard lock(mutex_);
  destination_ = std::make_shared<const Destination>(std::move(found).value());
  return base::ok_status();
}

base::Result<std::string> ClickhouseSink::initialise(bool dry_run) {
  ClickhouseClient client(options_);
  const auto server = client.read_server();
  if (!server) return server.error();
  const auto tables = client.read_tables();
  if (!tables) return tables.error();
  std::vector<std::string> statements = {"CREATE DATABASE IF NOT EXISTS " +
                                         quote_name(options_.database)};
  for (const TableSpec& spec : options_.tables) {
    const auto found = tables->find(spec.name);
    if (found == tables->end()) {
      statements.push_back(create_table_statement(spec, options_, *server));
      continue;
    }
    for (const ColumnSpec& column : spec.columns) {
      if (found->second.columns.contains(column.name)) continue;
      statements.push_back(fmt::format("ALTER TABLE {}.{} ADD COLUMN {}",
                                       quote_name(options_.database), quote_name(spec.name),
                                       column_definition(column, *server)));
    }
  }
  std::string report;
  for (const std::string& statement : statements) {
    if (!dry_run) {
      if (const auto done = client.query(statement); !done) return done.error();
    }
    report += statement + "\n";
  }
  return report;
}

}  // namespace

std::unique_ptr<Sink> make_clickhouse_sink(const ClickhouseOptions& options) {
  return std::make_unique<ClickhouseSink>(options);
}

}  // namespace pixel::shipper
