// SPDX-License-Identifier: Apache-2.0
// See offline.h. COLD.
#include "shipper/offline.h"

#include "base/clock.h"
#include "base/units.h"
#include "shipper/deliver/journal.h"
#include "shipper/foreign_lines.h"
#include "shipper/instance_lock.h"
#include "shipper/ledger.h"
#include "shipper/letter_box.h"
#include "shipper/tail/foreign/foreign_sources.h"

namespace pixel::shipper {
namespace {

std::int64_t unix_now() { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); }

std::unique_ptr<Sink> make_sink(const Config& config, const SinkConfig& sink) {
  return sink.make({sink.name, config.sink_state(sink.name), sink.tables});
}

base::Result<BudgetState> measure(const Config& config, const CatalogueSnapshot& catalogue) {
  Budget budget(config.spool, config.state, config.budget);
  if (auto status = budget.open(); !status) return status.error();
  // Nobody is asked to delete anything: this looks.
  if (auto status = budget.run(catalogue, {}, false, unix_now()); !status) return status.error();
  return budget.state();
}

}  // namespace

base::Result<Checkpoint> open_offline(const Config& config, const SinkConfig& sink_config,
                                      Sink& sink) {
  auto checkpoint = sink.open();
  if (!checkpoint || sink.traits().keeps_checkpoint) return checkpoint;
  auto reading = read_journal(real_file_system(), config.sink_state(sink_config.name));
  if (!reading) return reading.error();
  return std::move(reading->state.checkpoint);
}

base::Result<ShipperState> offline_state(const Config& config) {
  const auto lock = InstanceLock::acquire(config.state);
  if (!lock) return lock.error();
  Catalogue catalogue(config.spool);
  if (auto status = catalogue.scan(); !status) return status.error();
  ForeignSources foreign(config.sources, config.state, catalogue);
  if (auto status = foreign.open(); !status) return status.error();
  Retention retention(config.spool, config.state, config.retention);
  if (auto status = retention.open(); !status) return status.error();
  Ledger ledger(config.spool);
  ShipperState state;
  for (const SinkConfig& sink_config : config.sinks) {
    SinkReport report{sink_config.name, sink_config.kind, {}, {}, false};
    auto sink = make_sink(config, sink_config);
    const BatchContent content{sink_config.tables, sink->traits().takes_lines};
    report.accepted = read_accepted_loss(config.sink_state(report.name));
    auto checkpoint = open_offline(config, sink_config, *sink);
    if (checkpoint) {
      report.status.state = PipelineState::kStopped;
      const auto books = with_resolved(*checkpoint, read_resolved(config.sink_state(report.name)));
      report.books = ledger.balance(report.name, *catalogue.snapshot(), retention.books(), books,
                                    unix_now(), content.kinds());
      report.status.delivered = std::make_shared<const Checkpoint>(std::move(checkpoint).value());
      sink->close();
    } else {
      report.status.last_error = checkpoint.error().message;
    }
    state.sinks.push_back(std::move(report));
  }
  auto budget = measure(config, *catalogue.snapshot());
  if (!budget) return budget.error();
  state.budget = std::move(budget).value();
  return state;
}

base::Result<std::string> offline_sources(const Config& config) {
  const auto lock = InstanceLock::acquire(config.state);
  if (!lock) return lock.error();
  Catalogue catalogue(config.spool);
  ForeignSources foreign(config.sources, config.state, catalogue);
  if (auto status = foreign.open(); !status) return status.error();
  return foreign.to_json();
}

base::Result<std::vector<SinkHoldings>> offline_holdings(const Config& config) {
  const auto lock = InstanceLock::acquire(config.state);
  if (!lock) return lock.error();
  Catalogue catalogue(config.spool);
  ForeignSources foreign(config.sources, config.state, catalogue);
  if (auto status = foreign.open(); !status) return status.error();
  std::vector<SinkHoldings> all;
  for (const SinkConfig& candidate : config.sinks) {
    auto sink = make_sink(config, candidate);
    const LaneKinds kinds = BatchContent{candidate.tables, sink->traits().takes_lines}.kinds();
    const auto opened = open_offline(config, candidate, *sink);
    if (!opened) {
      all.push_back({candidate.name, opened.error(), nullptr, kinds});
      continue;
    }
    all.push_back({candidate.name, sink->holdings(),
                   std::make_shared<const Checkpoint>(
                       with_resolved(*opened, read_resolved(config.sink_state(candidate.name)))),
                   kinds});
    add_foreign_lines(config.spool, *catalogue.snapshot(), all.back());
    sink->close();
  }
  return all;
}

base::Result<QueryAnswer> offline_query(const Config& config, const std::string& name,
                                        const std::string& sql) {
  const auto lock = InstanceLock::acquire(config.state);
  if (!lock) return lock.error();
  base::Error error{"no sink is called " + name};
  for (const SinkConfig& candidate : config.sinks) {
    if (!name.empty() && candidate.name != name) continue;
    auto sink = make_sink(config, candidate);
    const auto opened = sink->open();
    if (!opened) return opened.error();
    auto answer = sink->query(sql);
    sink->close();
    if (answer || !name.empty() || answer.error().message != kAnswersNoQueries) return answer;
    error = answer.error();
  }
  return error;
}

base::Result<JobOutcome> offline_job(const Config& config, const JobRequest& request,
                                     JobProgress& progress) {
  const auto lock = InstanceLock::acquire(config.state);
  if (!lock) return lock.error();
  for (const SinkConfig& candidate : config.sinks) {
    if (candidate.name == request.sink) return run_job(config, candidate, request, progress);
  }
  return base::Error{"no sink is called " + request.sink};
}

}  // namespace pixel::shipper
