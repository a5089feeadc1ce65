// SPDX-License-Identifier: Apache-2.0
// See service.h. COLD.
#include "shipper/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/hash.h"

namespace pixel::shipper {
namespace {

constexpr std::uint64_t kRetainEveryNs = 60 * base::kSecondNs;
constexpr std::uint64_t kStopGraceNs = 20 * base::kSecondNs;
constexpr std::uint64_t kOnceFailuresMax = 10;
constexpr int kBalanceAttempts = 5;
constexpr std::uint64_t kBalancePauseNs = 50 * base::kMillisecondNs;

std::int64_t unix_now() { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); }

std::unique_ptr<Sink> make_sink(const Config& config, const SinkConfig& sink) {
  return sink.make({sink.name, config.sink_state(sink.name), config.tables});
}

PipelineOptions pipeline_options(const SinkConfig& sink, bool once) {
  PipelineOptions options;
  options.name = sink.name;
  options.limits = sink.limits;
  options.failures_max = once ? kOnceFailuresMax : 0;
  if (once) options.retry.cap_ns = base::kSecondNs;
  options.seed = base::hash64(sink.name) ^ base::monotonic_ns();
  return options;
}

}  // namespace

struct Service::Lane {
  Lane(const Config& config, const SinkConfig& sink_config, Catalogue& catalogue, bool once)
      : kind(sink_config.kind),
        sink(make_sink(config, sink_config)),
        store(config.spool),
        dead_letters(config.sink_state(sink_config.name) / "dead_letters.jsonl"),
        pipeline(pipeline_options(sink_config, once), {config.tables, sink->traits().takes_lines},
                 *sink, store, dead_letters, base::monotonic_ns),
        runner(pipeline, catalogue) {}

  const std::string& name() const { return pipeline.options().name; }
  bool is_open() const { return pipeline.status().delivered != nullptr; }

  const std::string kind;
  std::unique_ptr<Sink> sink;
  FileStore store;
  DeadLetterFile dead_letters;
  Pipeline pipeline;
  Runner runner;
};

Service::Service(Config config)
    : config_(std::move(config)),
      catalogue_(config_.spool),
      foreign_(config_.sources, config_.state, catalogue_),
      retention_(config_.spool, config_.state, config_.retention),
      ledger_(config_.spool) {}

Service::~Service() { stop(); }

base::Status Service::start(bool once) {
  auto lock = InstanceLock::acquire(config_.state);
  if (!lock) return lock.error();
  lock_ = std::make_unique<InstanceLock>(std::move(lock).value());
  if (auto status = retention_.open(); !status) return status;
  if (auto status = catalogue_.start(); !status) return status;
  if (auto status = foreign_.open(); !status) return status;
  if (auto status = once ? foreign_.settle() : foreign_.start(); !status) return status;
  for (const SinkConfig& sink : config_.sinks) {
    lanes_.push_back(std::make_unique<Lane>(config_, sink, catalogue_, once));
  }
  for (auto& lane : lanes_) {
    lane->runner.start(once ? Pipeline::Ending::kWhenDrained : Pipeline::Ending::kNever);
  }
  if (!once) upkeep_ = std::thread([this] { upkeep(); });
  return base::ok_status();
}

bool Service::is_done() const {
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane->runner.is_done(); });
}

bool Service::has_failed() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) {
    return lane->pipeline.status().state == PipelineState::kFailed;
  });
}

void Service::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  for (auto& lane : lanes_) lane->runner.stop(kStopGraceNs);
  for (auto& lane : lanes_) lane->runner.join();
  if (!std::exchange(closed_, true)) {
    for (auto& lane : lanes_) lane->pipeline.close();
  }
  foreign_.stop();
  catalogue_.wake();
  if (upkeep_.joinable()) upkeep_.join();
  catalogue_.stop();
}

void Service::upkeep() {
  std::uint64_t retain_at_ns = base::monotonic_ns() + base::kSecondNs;
  while (!stopping_.load(std::memory_order_relaxed)) {
    const bool deletes = base::monotonic_ns() >= retain_at_ns;
    retain(deletes);
    if (deletes) retain_at_ns = base::monotonic_ns() + kRetainEveryNs;
    catalogue_.wait_for_change(catalogue_.snapshot()->version, base::kSecondNs);
  }
}

// Every configured sink counts, also one that could not be opened yet.
void Service::retain(bool deletes) {
  std::vector<std::shared_ptr<const Checkpoint>> owned;
  std::vector<const Checkpoint*> checkpoints;
  for (const auto& lane : lanes_) {
    owned.push_back(lane->pipeline.status().delivered);
    if (owned.back() == nullptr) return;
    checkpoints.push_back(owned.back().get());
  }
  foreign_.settle_delivered(checkpoints);
  if (!deletes) return;
  const auto counts = retention_.run(*catalogue_.snapshot(), checkpoints, unix_now());
  if (!counts) {
    spdlog::error("retention: {}", counts.error().message);
  } else if (counts->segments + counts->manifests > 0) {
    spdlog::info("retention: deleted {} segments ({} bytes) and {} manifests", counts->segments,
                 counts->bytes, counts->manifests);
  }
}

std::vector<SinkReport> Service::reports() {
  std::vector<SinkReport> reports;
  for (const auto& lane : lanes_) {
    SinkReport report{lane->name(), lane->kind, lane->pipeline.status(), {}};
    // A sink that has not been opened has told nothing: as far as is known, it lacks everything.
    static const Checkpoint kNothing;
    const auto& delivered = report.status.delivered;
    report.books = balance(report.name, delivered == nullptr ? kNothing : *delivered);
    reports.push_back(std::move(report));
  }
  return reports;
}

// A segment may be renamed between the look at the catalogue and the look at its bytes.
Books Service::balance(const std::string& sink, const Checkpoint& checkpoint) {
  Books books;
  for (int attempt = 0; attempt < kBalanceAttempts; ++attempt) {
    // The catalogue after the checkpoint: it then knows every segment of it.
    const SnapshotPtr catalogue = catalogue_.snapshot();
    books = ledger_.balance(sink, *catalogue, retention_.books(), checkpoint, unix_now());
    if (!books.uncertain) break;
    catalogue_.wait_for_change(catalogue->version, kBalancePauseNs);
  }
  return books;
}

std::vector<SinkHoldings> Service::holdings() {
  std::vector<SinkHoldings> all;
  for (const auto& lane : lanes_) all.push_back(read_holdings(*lane));
  return all;
}

// Rows and checkpoint move together in the sink, but are read one after the other here.
SinkHoldings Service::read_holdings(Lane& lane) {
  SinkHoldings read{lane.name(), base::Error{"sink " + lane.name() + " is not open yet"}, nullptr};
  for (int attempt = 0; attempt < kBalanceAttempts; ++attempt) {
    read.checkpoint = lane.pipeline.status().delivered;
    if (read.checkpoint == nullptr) break;
    read.holdings = lane.sink->holdings();
    if (lane.pipeline.status().delivered == read.checkpoint) break;
  }
  return read;
}

base::Result<QueryAnswer> Service::query(const std::string& sink, const std::string& sql) {
  base::Error error{sink.empty() ? "no sink is open yet" : "no sink is called " + sink};
  for (const auto& lane : lanes_) {
    if (!sink.empty() && lane->name() != sink) continue;
    if (!lane->is_open()) {
      error.message = "sink " + lane->name() + " is not open yet";
      continue;
    }
    auto answer = lane->sink->query(sql);
    // Without a name, the first that answers queries at all.
    const bool is_last_word = !sink.empty() || lane->kind != "file";
    if (answer || is_last_word) return answer;
    error = answer.error();
  }
  return error;
}

base::Result<std::vector<SinkReport>> offline_reports(const Config& config) {
  auto lock = InstanceLock::acquire(config.state);
  if (!lock) return lock.error();
  Catalogue catalogue(config.spool);
  if (auto status = catalogue.scan(); !status) return status.error();
  ForeignSources foreign(config.sources, config.state, catalogue);
  if (auto status = foreign.open(); !status) return status.error();
  Retention retention(config.spool, config.state, config.retention);
  if (auto status = retention.open(); !status) return status.error();
  Ledger ledger(config.spool);
  std::vector<SinkReport> reports;
  for (const SinkConfig& sink_config : config.sinks) {
    SinkReport report{sink_config.name, sink_config.kind, {}, {}};
    auto sink = make_sink(config, sink_config);
    auto checkpoint = sink->open();
    if (checkpoint) {
      report.status.state = PipelineState::kStopped;
      report.books = ledger.balance(report.name, *catalogue.snapshot(), retention.books(),
                                    *checkpoint, unix_now());
      report.status.delivered = std::make_shared<const Checkpoint>(std::move(checkpoint).value());
      sink->close();
    } else {
      report.status.last_error = checkpoint.error().message;
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace pixel::shipper
