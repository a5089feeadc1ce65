// SPDX-License-Identifier: Apache-2.0
// The running shipper: the only file that knows all stages. One catalogue, one thread per sink, one
// for upkeep (retention), and whoever asks for its state. COLD.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "shipper/accepted_loss.h"
#include "shipper/budget.h"
#include "shipper/config.h"
#include "shipper/deliver/runner.h"
#include "shipper/instance_lock.h"
#include "shipper/job_runner.h"
#include "shipper/ledger.h"
#include "shipper/retention.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/foreign/foreign_sources.h"
#include "shipper/tail/lane_kinds.h"

namespace pixel::shipper {

struct SinkLane;

/// One sink's state at a moment.
struct SinkReport {
  std::string name;
  std::string kind;
  PipelineStatus status;
  Books books;           // Zero until the sink is open.
  bool has_job = false;  // A job has it; its pipeline is stopped meanwhile.
  AcceptedLoss accepted = {};
};

/// A segment of a file that others wrote, and how far a sink has come in it.
struct ForeignLines {
  logfmt::SegmentId segment;
  std::uint64_t lines = 0;
  std::uint64_t passed = 0;  // Of them.
};

/// What a sink holds, or why that is not known.
struct SinkHoldings {
  std::string name;
  base::Result<std::vector<Holding>> holdings;
  /// Reached with exactly these rows, unless the sink went on during five readings; null where the
  /// sink is not open.
  std::shared_ptr<const Checkpoint> checkpoint;
  LaneKinds wanted = kAllLanes;
  /// Of foreign lanes that it wants: see add_foreign_lines.
  std::vector<ForeignLines> foreign = {};
  std::map<logfmt::LaneId, ForeignLanes::Retired> foreign_retired = {};
};

/// What a reload did, by names of sinks; `waiting` by keys that need a restart.
struct ReloadChanges {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> restarted;
  std::vector<std::string> waiting;
};
/// Totals of this process life.
struct ReloadCounts {
  std::uint64_t applied = 0;
  std::uint64_t refused = 0;
};

/// All that status and metrics tell.
struct ShipperState {
  bool is_running = false;
  std::vector<SinkReport> sinks;
  BudgetState budget;
  Retention::Counts retained;
  ReloadCounts reloads;
  JobReport job;
};

class Service {
 public:
  explicit Service(Config config);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Takes the lock, looks at the spool, starts the sinks. `once`: each ends when it has delivered
  /// all that is published; one that fails ten times in a row ends as failed.
  base::Status start(bool once);

  /// `once`: true when every sink has ended.
  bool is_done() const;
  /// True when a sink gave up.
  bool has_failed() const;
  /// Delivers what was read, closes the sinks, ends the threads.
  void stop();

  /// Takes new settings: ends the sinks that are gone, starts those that are new, and ends and
  /// starts those that changed; no other one notices. What a sink had not acked when it ended (20 s
  /// at most) is delivered by its successor. One thread.
  ReloadChanges reload(const Config& config);
  /// Counts a file that was not taken.
  void refuse_reload() { reloads_refused_.fetch_add(1, std::memory_order_relaxed); }

  /// Any thread, between start and stop: stops the sink's thread, does the job, and starts a new
  /// thread. Returns the job's number.
  base::Result<std::uint64_t> start_job(const JobRequest& request);
  JobReport job() const { return jobs_.report(); }
  void cancel_job() { jobs_.cancel(); }

  /// Any thread, between start and stop; reports() also after it.
  std::vector<SinkReport> reports();
  ShipperState state();
  /// What each sink holds, with the checkpoint that goes with it.
  std::vector<SinkHoldings> holdings();
  /// What a sink answers; an error where no sink has the name ("" is the first that can).
  base::Result<QueryAnswer> query(const std::string& sink, const std::string& sql);
  /// Any thread.
  const ForeignSources& foreign() const noexcept { return foreign_; }

 private:
  using LanePtr = std::shared_ptr<SinkLane>;
  std::vector<LanePtr> lanes() const;
  LanePtr find_lane(const std::string& name) const;
  LanePtr start_lane(const SinkConfig& sink, bool once);
  void replace_lane(const LanePtr& old_lane, LanePtr new_lane);
  Config config() const;
  base::Result<JobOutcome> run_alone(const JobRequest& request, JobProgress& progress);
  void upkeep();
  void retain(bool deletes);
  void watch_budget();
  static SinkHoldings read_holdings(SinkLane& lane);
  Books balance(const std::string& sink, const Checkpoint& checkpoint, LaneKinds wanted);

  mutable std::mutex mutex_;
  Config config_;               // Guarded by mutex_, but for spool and state, which stay.
  std::vector<LanePtr> lanes_;  // Guarded by mutex_. In the order of the file.
  std::mutex change_mutex_;     // Held by who ends or starts lanes: a reload, the end of a job.
  std::unique_ptr<InstanceLock> lock_;
  Catalogue catalogue_;
  ForeignSources foreign_;
  Retention retention_;
  Budget budget_;
  Ledger ledger_;
  bool closed_ = false;
  std::atomic<std::uint64_t> reloads_applied_{0};
  std::atomic<std::uint64_t> reloads_refused_{0};
  std::atomic<bool> stopping_{false};
  std::thread upkeep_;
  JobRunner jobs_;  // Goes first: its work uses all above.
};

}  // namespace pixel::shipper
