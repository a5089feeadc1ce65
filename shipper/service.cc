// SPDX-License-Identifier: Apache-2.0
// See service.h. COLD.
#include "shipper/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <shared_mutex>
#include <utility>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "shipper/foreign_lines.h"
#include "shipper/letter_box.h"
#include "shipper/sink_lane.h"

namespace pixel::shipper {
namespace {

constexpr std::uint64_t kRetainEveryNs = 60 * base::kSecondNs;
constexpr std::uint64_t kBudgetEveryNs = 5 * base::kSecondNs;
constexpr std::uint64_t kLockPatienceNs = 3 * base::kSecondNs;
constexpr int kBalanceAttempts = 5;
constexpr std::uint64_t kBalancePauseNs = 50 * base::kMillisecondNs;

std::int64_t unix_now() { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); }

}  // namespace

Service::Service(Config config)
    : config_(std::move(config)),
      catalogue_(config_.spool),
      foreign_(config_.sources, config_.state, catalogue_),
      retention_(config_.spool, config_.state, config_.retention),
      budget_(config_.spool, config_.state, config_.budget),
      ledger_(config_.spool) {}

Service::~Service() { stop(); }

base::Status Service::start(bool once) {
  // A command that looked, or a predecessor that is ending, lets go of it soon.
  auto lock = InstanceLock::acquire(config_.state, kLockPatienceNs);
  if (!lock) return lock.error();
  lock_ = std::make_unique<InstanceLock>(std::move(lock).value());
  if (auto status = retention_.open(); !status) return status;
  if (auto status = budget_.open(); !status) return status;
  if (auto status = catalogue_.start(); !status) return status;
  if (auto status = foreign_.open(); !status) return status;
  if (auto status = once ? foreign_.settle() : foreign_.start(); !status) return status;
  for (const SinkConfig& sink : config_.sinks) lanes_.push_back(start_lane(sink, once));
  if (!once) upkeep_ = std::thread([this] { upkeep(); });
  return base::ok_status();
}

Config Service::config() const {
  const std::lock_guard lock(mutex_);
  return config_;
}

std::vector<Service::LanePtr> Service::lanes() const {
  const std::lock_guard lock(mutex_);
  return lanes_;
}

Service::LanePtr Service::find_lane(const std::string& name) const {
  for (LanePtr& lane : lanes()) {
    if (lane->name() == name) return std::move(lane);
  }
  return nullptr;
}

Service::LanePtr Service::start_lane(const SinkConfig& sink, bool once) {
  auto lane = std::make_shared<SinkLane>(config(), sink, catalogue_, once);
  lane->runner.start(once ? Pipeline::Ending::kWhenDrained : Pipeline::Ending::kNever);
  return lane;
}

// The old one stays in the list until the new one takes its place: retention misses none.
void Service::replace_lane(const LanePtr& old_lane, LanePtr new_lane) {
  const std::lock_guard lock(mutex_);
  std::replace(lanes_.begin(), lanes_.end(), old_lane, std::move(new_lane));
}

bool Service::is_done() const {
  const auto all = lanes();
  return std::all_of(all.begin(), all.end(),
                     [](const auto& lane) { return lane->runner.is_done(); });
}

bool Service::has_failed() const {
  const auto all = lanes();
  return std::any_of(all.begin(), all.end(), [](const auto& lane) {
    return lane->pipeline.status().state == PipelineState::kFailed;
  });
}

void Service::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  jobs_.stop();
  // All are asked before the first is waited for.
  for (const LanePtr& lane : lanes()) lane->runner.stop(kSinkStopGraceNs);
  for (const LanePtr& lane : lanes()) lane->end();
  foreign_.stop();
  catalogue_.wake();
  if (upkeep_.joinable()) upkeep_.join();
  catalogue_.stop();
}

ShipperState Service::state() {
  return {true,
          reports(),
          budget_.state(),
          retention_.total(),
          {reloads_applied_.load(std::memory_order_relaxed),
           reloads_refused_.load(std::memory_order_relaxed)},
          jobs_.report()};
}

namespace {

// What a running process cannot change, by its keys.
std::vector<std::string> restart_only_differences(const Config& before, const Config& after) {
  std::vector<std::string> keys;
  if (before.spool != after.spool) keys.emplace_back("spool.path");
  if (before.state != after.state) keys.emplace_back("state.path");
  if (before.admin != after.admin) keys.emplace_back("admin.listen");
  return keys;
}

}  // namespace

ReloadChanges Service::reload(const Config& wanted) {
  ReloadChanges changes;
  const Config before = config();
  Config next = wanted;
  changes.waiting = restart_only_differences(before, next);
  std::tie(next.spool, next.state, next.admin) = std::tie(before.spool, before.state, before.admin);
  const auto find_settings = [&next](const std::string& name) {
    return std::find_if(next.sinks.begin(), next.sinks.end(),
                        [&](const SinkConfig& sink) { return sink.name == name; });
  };
  std::vector<LanePtr> ended;
  for (const LanePtr& lane : lanes()) {
    const auto settings = find_settings(lane->name());
    const bool is_gone = settings == next.sinks.end();
    if (!is_gone && settings->fingerprint == lane->settings.fingerprint) continue;
    (is_gone ? changes.removed : changes.restarted).push_back(lane->name());
    jobs_.stop_for(lane->name());
    ended.push_back(lane);
  }
  const std::lock_guard change(change_mutex_);
  for (const LanePtr& lane : ended) lane->runner.stop(kSinkStopGraceNs);
  for (const LanePtr& lane : ended) lane->end();
  {
    const std::lock_guard lock(mutex_);
    config_ = next;
  }
  retention_.set_limits(next.retention);
  budget_.set_limits(next.budget);
  std::vector<LanePtr> all;
  for (const SinkConfig& sink : next.sinks) {
    LanePtr lane = find_lane(sink.name);
    if (lane == nullptr) changes.added.push_back(sink.name);
    const bool stays = lane != nullptr && lane->settings.fingerprint == sink.fingerprint;
    all.push_back(stays ? std::move(lane) : start_lane(sink, false));
  }
  const std::lock_guard lock(mutex_);
  lanes_ = std::move(all);
  reloads_applied_.fetch_add(1, std::memory_order_relaxed);
  return changes;
}

base::Result<std::uint64_t> Service::start_job(const JobRequest& request) {
  if (find_lane(request.sink) == nullptr) {
    std::vector<std::string> names;
    for (const LanePtr& lane : lanes()) names.push_back(lane->name());
    return base::Error{
        fmt::format("no sink is called {}; there are {}", request.sink, fmt::join(names, ", "))};
  }
  return jobs_.start(
      request, [this, request](JobProgress& progress) { return run_alone(request, progress); });
}

base::Result<JobOutcome> Service::run_alone(const JobRequest& request, JobProgress& progress) {
  LanePtr lane;
  {
    const std::lock_guard change(change_mutex_);
    lane = find_lane(request.sink);
    if (lane == nullptr) return base::Error{"the sink was removed meanwhile"};
    lane->end();
  }
  auto outcome = run_job(config(), lane->settings, request, progress);
  const std::lock_guard change(change_mutex_);
  // A reload may have put another one in its place.
  const bool is_current = find_lane(request.sink) == lane;
  if (is_current && !stopping_) replace_lane(lane, start_lane(lane->settings, false));
  return outcome;
}

void Service::upkeep() {
  std::uint64_t retain_at_ns = base::monotonic_ns() + base::kSecondNs;
  std::uint64_t budget_at_ns = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    const bool deletes = base::monotonic_ns() >= retain_at_ns;
    retain(deletes);
    if (deletes) retain_at_ns = base::monotonic_ns() + kRetainEveryNs;
    if (base::monotonic_ns() >= budget_at_ns) {
      watch_budget();
      budget_at_ns = base::monotonic_ns() + kBudgetEveryNs;
    }
    catalogue_.wait_for_change(catalogue_.snapshot()->version, base::kSecondNs);
  }
}

// Every configured sink counts, also one that could not be opened yet.
void Service::retain(bool deletes) {
  std::vector<std::shared_ptr<const Checkpoint>> owned;
  std::vector<SinkReach> sinks;
  for (const auto& lane : lanes()) {
    owned.push_back(lane->pipeline.status().delivered);
    if (owned.back() == nullptr) return;
    sinks.emplace_back(owned.back().get(), lane->wanted);
  }
  std::vector<const Checkpoint*> checkpoints;
  for (const auto& checkpoint : owned) checkpoints.push_back(checkpoint.get());
  foreign_.settle_delivered(checkpoints);
  if (!deletes) return;
  const auto counts = retention_.run(*catalogue_.snapshot(), sinks, unix_now());
  if (!counts) {
    spdlog::error("retention: {}", counts.error().message);
  } else if (counts->segments + counts->manifests > 0) {
    spdlog::info("retention: deleted {} segments ({} bytes) and {} manifests", counts->segments,
                 counts->bytes, counts->manifests);
  }
}

void Service::watch_budget() {
  std::vector<std::shared_ptr<const Checkpoint>> owned;
  std::vector<SinkPosition> positions;
  for (const auto& lane : lanes()) {
    owned.push_back(lane->pipeline.status().delivered);
    positions.push_back({lane->name(), lane->wanted, owned.back().get()});
  }
  const bool may_delete = config().retention.enabled;
  const auto status = budget_.run(*catalogue_.snapshot(), positions, may_delete, unix_now());
  if (!status) spdlog::error("budget: {}", status.error().message);
}

std::vector<SinkReport> Service::reports() {
  std::vector<SinkReport> reports;
  const JobReport job = jobs_.report();
  for (const auto& lane : lanes()) {
    SinkReport report{lane->name(), lane->settings.kind, lane->pipeline.status(), {}, false};
    report.has_job = job.state == JobReport::State::kRunning && job.request.sink == report.name;
    // A sink that has not been opened has told nothing: as far as is known, it lacks everything.
    static const Checkpoint kNothing;
    const auto& delivered = report.status.delivered;
    const bool is_known = delivered != nullptr;
    report.books = balance(
        report.name, is_known ? with_resolved(*delivered, lane->resolved) : kNothing, lane->wanted);
    // As little as what it has, it is known what it lacks of segments that are gone.
    if (!is_known) report.books.pending += std::exchange(report.books.missing, 0);
    report.accepted = read_accepted_loss(config().sink_state(report.name));
    reports.push_back(std::move(report));
  }
  return reports;
}

// A segment may be renamed between the look at the catalogue and the look at its bytes.
Books Service::balance(const std::string& sink, const Checkpoint& checkpoint, LaneKinds wanted) {
  Books books;
  for (int attempt = 0; attempt < kBalanceAttempts; ++attempt) {
    // The catalogue after the checkpoint: it then knows every segment of it.
    const SnapshotPtr catalogue = catalogue_.snapshot();
    books = ledger_.balance(sink, *catalogue, retention_.books(), checkpoint, unix_now(), wanted);
    if (!books.uncertain) break;
    catalogue_.wait_for_change(catalogue->version, kBalancePauseNs);
  }
  return books;
}

std::vector<SinkHoldings> Service::holdings() {
  std::vector<SinkHoldings> all;
  for (const auto& lane : lanes()) {
    all.push_back(read_holdings(*lane));
    add_foreign_lines(config_.spool, *catalogue_.snapshot(), all.back());
  }
  return all;
}

// Rows and checkpoint move together in the sink, but are read one after the other here.
SinkHoldings Service::read_holdings(SinkLane& lane) {
  SinkHoldings read{lane.name(), base::Error{"sink " + lane.name() + " is not open yet"}, nullptr,
                    lane.wanted};
  const std::shared_lock lock(lane.in_use);
  if (!lane.is_open()) return read;
  for (int attempt = 0; attempt < kBalanceAttempts; ++attempt) {
    read.checkpoint = lane.pipeline.status().delivered;
    read.holdings = lane.sink->holdings();
    if (lane.pipeline.status().delivered == read.checkpoint) break;
  }
  read.checkpoint =
      std::make_shared<const Checkpoint>(with_resolved(*read.checkpoint, lane.resolved));
  return read;
}

base::Result<QueryAnswer> Service::query(const std::string& sink, const std::string& sql) {
  base::Error error{sink.empty() ? "no sink is open yet" : "no sink is called " + sink};
  for (const auto& lane : lanes()) {
    if (!sink.empty() && lane->name() != sink) continue;
    const std::shared_lock lock(lane->in_use);
    if (!lane->is_open()) {
      error.message = "sink " + lane->name() + " is not open yet";
      continue;
    }
    auto answer = lane->sink->query(sql);
    // Without a name, the first that answers queries at all.
    const bool is_last_word =
        !sink.empty() || (!answer && answer.error().message != kAnswersNoQueries);
    if (answer || is_last_word) return answer;
    error = answer.error();
  }
  return error;
}

}  // namespace pixel::shipper
