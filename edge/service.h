// SPDX-License-Identifier: Apache-2.0
// The life of the process around its server: what it inherits, whom it tells, what signals mean,
// who takes over. COLD; the main thread.
//
//   SIGTERM, SIGINT   drain and end; a second one cuts the waiting, never the sealing
//   SIGHUP            read the settings again; bad ones change nothing
//   SIGUSR2           start the program at this one's path as successor (a new version, perhaps)
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/service_notify.h"
#include "edge/config.h"
#include "edge/life/handover.h"
#include "edge/server.h"

namespace pixel::edge {

struct ServiceOptions {
  std::string config_path;
  std::string version;
  bool take_over = false;  // From the process that listens on server.handover.
};

class Service {
 public:
  /// Blocks the signals it waits for: REQUIRES that no other thread runs yet.
  Service(ServiceOptions options, EdgeConfig config);
  ~Service();

  /// Boots, serves, drains. True when it ended as it was asked to; else the cause was logged.
  bool run();

 private:
  base::Result<Inheritance> inherit();
  base::Status start();
  base::Status take_over_doors();
  void start_handover();
  void keep_in_store();
  bool serve();
  void handle(int signal_number);
  void reload();
  void upgrade();
  void watch_workers();
  void watch_disk();
  void reap_successor();
  void drain();
  int wait_for_signal(std::uint64_t wait_ns);

  const ServiceOptions options_;
  EdgeConfig config_;
  sigset_t signals_;
  base::ServiceNotify notify_;
  std::optional<base::WatchdogSchedule> watchdog_;  // Once it serves.
  std::vector<std::string> stored_names_;           // Of what systemd handed over.
  std::unique_ptr<HandoverClient> predecessor_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<HandoverServer> handover_;
  std::atomic<bool> taken_over_{false};  // Set by the handover's thread.
  bool asked_to_end_ = false;
  std::string disk_trouble_;  // As it was logged last.
  pid_t successor_ = 0;
};

}  // namespace pixel::edge
