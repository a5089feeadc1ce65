// SPDX-License-Identifier: Apache-2.0
// The whole edge process: boots all parts in order, lets the workers serve, takes all down again
// and closes the books. COLD; the main thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/admin_server.h"
#include "base/result.h"
#include "base/statsd.h"
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

/// What a predecessor leaves to this process.
struct Inheritance {
  std::vector<base::UniqueFd> listeners;
  /// The backend that its listeners are set up for; they are shared while both serve.
  std::optional<Backend> backend;
};

class Server {
 public:
  /// Folders, identity, recovery, control page, keeper, listeners, workers; returns when all
  /// workers serve. An error leaves nothing behind that the next start would not put right.
  static base::Result<std::unique_ptr<Server>> boot(const EdgeConfig& config, std::string version,
                                                    Inheritance inheritance = {});
  ~Server();

  /// Opens the admin listener and begins to push metrics, as far as they are configured. Only one
  /// process can have that address: apart from boot, so that a predecessor may keep it until now.
  base::Status start_admin();
  void stop_admin();

  /// Borrowed: all that this process listens on, for a successor or for systemd.
  std::vector<ListenerView> all_listeners() const;
  /// Somebody else holds copies of the listeners and goes on with them: a drain leaves them open.
  void leave_listeners_open(bool leave) noexcept { listeners_.kept_elsewhere = leave; }
  /// Empty, or whose lines the disk does not take, and why.
  std::string disk_trouble() const { return edge::disk_trouble(controls_); }
  /// CLOCK_MONOTONIC of the worker's last sign of life that lies back furthest.
  std::uint64_t oldest_heartbeat_ns() const noexcept;

  /// "127.0.0.1:8080" for each listener, with the port that was bound.
  const std::vector<std::string>& bound() const noexcept { return listeners_.bound; }
  std::uint16_t admin_port() const noexcept { return admin_ ? admin_->port() : std::uint16_t{0}; }
  Backend backend() const noexcept { return backend_; }

  /// True when a worker ended by itself: the process cannot go on.
  bool worker_failed() const noexcept { return failed_.load(std::memory_order_acquire); }

  /// Readiness becomes 503; everything is served as before.
  void stop_being_ready() noexcept;

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
  base::Status listen(std::vector<base::UniqueFd> inherited);
  base::Status start_workers();
  base::Status wait_until_serving();
  AdminView admin_view() const;
  base::Status start_statsd();
  base::Result<std::string> choose_backend_for(const Inheritance& inheritance);
  WorkerOptions worker_options(std::uint16_t index) const;
  void run_one(WorkerOptions options);

  EdgeConfig config_;
  const Spool spool_;
  const std::uint16_t workers_count_;
  Backend backend_ = Backend::kEpoll;
  std::uint32_t boot_ = 0;
  base::UniqueFd active_folder_;
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
  std::atomic<bool> refuse_when_full_{true};
  std::string version_;
  std::mutex doors_;  // Guards the next two: a take-over frees them on a thread of its own.
  std::unique_ptr<base::AdminServer> admin_;
  std::unique_ptr<base::StatsdPusher> statsd_;
  bool finished_ = false;
};

}  // namespace pixel::edge
