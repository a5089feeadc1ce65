// SPDX-License-Identifier: Apache-2.0
// The whole edge process: boots all parts in order, lets the workers serve, takes all down again
// and closes the books. COLD; the main thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/admin_server.h"
#include "base/result.h"
#include "edge/admin.h"
#include "edge/config.h"
#include "edge/log/keeper.h"
#include "edge/log/segment_supply.h"
#include "edge/log/spool.h"
#include "edge/net/listener.h"
#include "edge/rules.h"
#include "edge/worker.h"
#include "logfmt/control_page.h"
#include "logfmt/request_id.h"

namespace pixel::edge {

class Server {
 public:
  /// Folders, identity, recovery, control page, keeper, listeners, workers, admin; returns when all
  /// workers serve. An error leaves nothing behind that the next start would not put right.
  static base::Result<std::unique_ptr<Server>> boot(const EdgeConfig& config, std::string version);
  ~Server();

  /// "127.0.0.1:8080" for each listener, with the port that was bound.
  const std::vector<std::string>& bound() const noexcept { return listeners_.bound; }
  std::uint16_t admin_port() const noexcept { return admin_.port(); }
  Backend backend() const noexcept { return backend_; }

  /// True when a worker ended by itself: the process cannot go on.
  bool worker_failed() const noexcept { return failed_.load(std::memory_order_acquire); }

  /// Readiness becomes 503; everything is served as before.
  void stop_being_ready() noexcept { draining_.store(true, std::memory_order_release); }

  /// Gives the workers what of `config` may change while they serve (rules.h); the rest of it is
  /// ignored. An error changes nothing. Main thread; the workers take it within a second.
  base::Status reload(const EdgeConfig& config);

  /// Asks the workers to end within `patience_ns`. May be called again with less patience.
  void begin_drain(std::uint64_t patience_ns);
  /// True when every worker has ended.
  bool drained() const noexcept;

  /// Waits for the workers, seals every segment, closes the books and removes the control page. An
  /// error when a segment or the books stayed for the next start, or a worker had failed.
  base::Status finish();

 private:
  explicit Server(const EdgeConfig& config);
  base::Status make_rules();
  base::Status prepare_log();
  base::Status recover();
  base::Status start_keeper();
  base::Status start_workers();
  base::Status wait_until_serving();
  base::Status start_admin(std::string version);
  WorkerOptions worker_options(std::uint16_t index) const;
  void run_one(WorkerOptions options);

  EdgeConfig config_;
  const Spool spool_;
  const std::uint16_t workers_count_;
  Backend backend_ = Backend::kEpoll;
  std::uint32_t boot_ = 0;
  std::optional<logfmt::RequestIdCipher> cipher_;
  std::optional<logfmt::ControlPage> page_;
  std::shared_ptr<const Rules> rules_;
  std::vector<std::unique_ptr<SegmentSupply>> supplies_;
  std::vector<std::unique_ptr<SegmentSupply>> events_supplies_;
  std::vector<std::unique_ptr<WorkerControl>> controls_;
  std::unique_ptr<Keeper> keeper_;
  Listeners listeners_;
  std::vector<std::thread> threads_;
  std::atomic<std::uint32_t> running_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> draining_{false};
  base::AdminServer admin_;
  bool finished_ = false;
};

}  // namespace pixel::edge
