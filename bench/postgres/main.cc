// SPDX-License-Identifier: Apache-2.0
// Rows per second into PostgreSQL by the postgres sink and by psql's \copy: the same rows into the
// same table in transactions of the same size, each with its checkpoint row, in turn. COLD.
//
//   postgres_copy DSN DIRECTORY [ROUNDS [TRANSACTIONS [ROWS]]]
//
// "sink" delivers decoded rows, "shipper" decodes the lines too. The ratio is of the medians.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bench/micro/bench_line.h"
#include "shipper/batch/batcher.h"
#include "shipper/decode/columns.h"
#include "shipper/sinks/postgres/postgres_sink.h"
#include "shipper/transport/postgres_connection.h"

namespace pixel::shipper {
namespace {

const logfmt::SegmentId kSegment{{logfmt::SegmentKind::kAccess, 1, 0x673F3C2A, 0}, 1};

struct Plan {
  std::string dsn;
  std::string directory;
  std::size_t rounds = 7;
  std::size_t transactions = 20;
  std::size_t rows = 10'000;
};

[[noreturn]] void fail(const std::string& message) {
  fmt::print(stderr, "postgres_copy: {}\n", message);
  std::exit(1);
}

// As many lines as a transaction has rows.
std::string lines_of(std::size_t rows) {
  const std::string text = logfmt::bench_text(rows * 700);
  std::size_t end = 0;
  for (std::size_t i = 0; i < rows; ++i) end = text.find('\n', end) + 1;
  return text.substr(0, end);
}

class Bench {
 public:
  explicit Bench(Plan plan)
      : plan_(std::move(plan)),
        lines_(lines_of(plan_.rows)),
        tables_({requests_table({parameter_column("a"), parameter_column("b"),
                                 parameter_column("c"), parameter_column("d")})}) {
    PostgresSettings settings;
    settings.dsn = plan_.dsn;
    settings.stage = "bench";
    sink_ = create_postgres_sink("bench", tables_, settings);
    auto checkpoint = sink_->open();
    if (!checkpoint) fail(checkpoint.error().message);
    batcher_.emplace(BatchContent{tables_, false}, BatchLimits{plan_.rows, 1 << 30, 1},
                     *checkpoint);
    for (const auto& [lane, position] : checkpoint->lanes) offset_ = position.offset;
  }

  void prepare() {
    deliver(next_batch());
    ask("CREATE TABLE IF NOT EXISTS bench.psql_checkpoint AS SELECT * FROM "
        "bench.pixeledge_checkpoint");
    run_psql(fmt::format("\\copy bench.requests to '{}/rows.txt'\n", plan_.directory), "export");
    std::string script;
    for (std::size_t i = 0; i < plan_.transactions; ++i) {
      script += fmt::format(
          "BEGIN;\n\\copy bench.requests from '{}/rows.txt'\n"
          "UPDATE bench.psql_checkpoint SET updated_at = now();\nCOMMIT;\n",
          plan_.directory);
    }
    script_ = script;
  }

  double psql() {
    return measure([this] { run_psql(script_, "copy"); });
  }
  double sink() {
    std::vector<Batch> batches;
    for (std::size_t i = 0; i < plan_.transactions; ++i) batches.push_back(next_batch());
    return measure([&] {
      for (const Batch& batch : batches) deliver(batch);
    });
  }
  double shipper() {
    return measure([this] {
      for (std::size_t i = 0; i < plan_.transactions; ++i) deliver(next_batch());
    });
  }

 private:
  Batch next_batch() {
    const std::size_t taken = batcher_->append(kSegment, offset_, lines_, 1);
    if (taken != lines_.size()) fail("a batch took not all lines");
    offset_ += taken;
    return batcher_->cut(FlushReason::kRows);
  }
  void deliver(const Batch& batch) {
    if (batch.row_count() != plan_.rows) fail("lines became no rows");
    const Verdict verdict = sink_->deliver(batch);
    if (verdict.kind != Verdict::Kind::kAcked) fail(verdict.reason);
  }
  void ask(const std::string& sql) {
    PostgresOptions options;
    options.dsn = plan_.dsn;
    auto connection = PostgresConnection::open(options);
    if (!connection) fail(connection.error().message);
    if (auto done = connection->run(sql); !done) fail(done.error().message);
  }
  void run_psql(const std::string& script, const std::string& name) {
    const std::string path = fmt::format("{}/{}.sql", plan_.directory, name);
    std::ofstream(path) << script;
    const std::string command =
        fmt::format("psql -X -q -v ON_ERROR_STOP=1 '{}' -f {}", plan_.dsn, path);
    if (std::system(command.c_str()) != 0) fail("psql failed");
  }
  // Rows per second, into an empty table and behind the server's own checkpoint.
  double measure(const std::function<void()>& work) {
    ask("TRUNCATE bench.requests");
    ask("CHECKPOINT");
    const std::uint64_t begun_ns = base::monotonic_ns();
    work();
    const auto ns = static_cast<double>(base::monotonic_ns() - begun_ns);
    return static_cast<double>(plan_.rows * plan_.transactions) / ns * 1e9;
  }

  const Plan plan_;
  const std::string lines_;
  const std::vector<TableSpec> tables_;
  std::unique_ptr<Sink> sink_;
  std::optional<Batcher> batcher_;
  std::uint64_t offset_ = 0;
  std::string script_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(Plan plan) {
  Bench bench(plan);
  bench.prepare();
  std::vector<double> psql;
  std::vector<double> sink;
  std::vector<double> shipper;
  for (std::size_t round = 0; round < plan.rounds; ++round) {
    psql.push_back(bench.psql());
    sink.push_back(bench.sink());
    shipper.push_back(bench.shipper());
    fmt::print("round {}: psql {:.0f}, sink {:.0f}, shipper {:.0f} rows/s\n", round + 1,
               psql.back(), sink.back(), shipper.back());
  }
  fmt::print(
      "{} rows in each of {} transactions: psql {:.0f}, sink {:.0f} ({:.2f}), shipper "
      "{:.0f} ({:.2f}) rows/s\n",
      plan.rows, plan.transactions, median(psql), median(sink), median(sink) / median(psql),
      median(shipper), median(shipper) / median(psql));
  return 0;
}

}  // namespace
}  // namespace pixel::shipper

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: postgres_copy DSN DIRECTORY [ROUNDS [TRANSACTIONS [ROWS]]]\n");
    return 2;
  }
  pixel::shipper::Plan plan{argv[1], argv[2]};
  std::size_t* numbers[] = {&plan.rounds, &plan.transactions, &plan.rows};
  for (int i = 3; i < argc && i < 6; ++i) {
    *numbers[i - 3] = std::strtoul(argv[i], nullptr, 10);
    if (*numbers[i - 3] == 0) return 2;
  }
  return pixel::shipper::run(plan);
}
