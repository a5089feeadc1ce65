// SPDX-License-Identifier: Apache-2.0
// The running shipper: the only file that knows all stages. One catalogue, one thread per sink, one
// for upkeep (retention), and whoever asks for its state. COLD.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "shipper/config.h"
#include "shipper/deliver/runner.h"
#include "shipper/instance_lock.h"
#include "shipper/ledger.h"
#include "shipper/retention.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/foreign/foreign_sources.h"

namespace pixel::shipper {

/// One sink's state at a moment.
struct SinkReport {
  std::string name;
  std::string kind;
  PipelineStatus status;
  Books books;  // Zero until the sink is open.
};

/// What a sink holds, or why that is not known.
struct SinkHoldings {
  std::string name;
  base::Result<std::vector<Holding>> holdings;
  /// Reached with exactly these rows, unless the sink went on during five readings; null where the
  /// sink is not open.
  std::shared_ptr<const Checkpoint> checkpoint;
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

  /// Any thread, between start and stop; reports() also after it.
  std::vector<SinkReport> reports();
  /// What each sink holds, with the checkpoint that goes with it.
  std::vector<SinkHoldings> holdings();
  /// What a sink answers; an error where no sink has the name ("" is the first that can).
  base::Result<QueryAnswer> query(const std::string& sink, const std::string& sql);
  Retention::Counts retained() const { return retention_.total(); }
  /// Any thread.
  const ForeignSources& foreign() const noexcept { return foreign_; }
  const Config& config() const noexcept { return config_; }

 private:
  struct Lane;  // One sink with all it needs.
  void upkeep();
  void retain(bool deletes);
  static SinkHoldings read_holdings(Lane& lane);
  Books balance(const std::string& sink, const Checkpoint& checkpoint);

  const Config config_;
  std::unique_ptr<InstanceLock> lock_;
  Catalogue catalogue_;
  ForeignSources foreign_;
  Retention retention_;
  Ledger ledger_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  bool closed_ = false;
  std::atomic<bool> stopping_{false};
  std::thread upkeep_;
};

/// The sinks' own words while no shipper runs: opens each under the lock and closes it.
base::Result<std::vector<SinkReport>> offline_reports(const Config& config);

}  // namespace pixel::shipper
