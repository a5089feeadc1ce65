// SPDX-License-Identifier: Apache-2.0
// What a service tells its manager (systemd's sd_notify protocol): datagrams of NAME=value lines to
// the socket that NOTIFY_SOCKET names. Own code, so that nothing depends on libsystemd. COLD; made
// and used by one thread.
//
// Every call is a no-op where there is no manager. A message that cannot be sent is dropped after a
// second at most: a service never fails because nobody listens. failures_count() tells.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace pixel::base {

/// The variables as the environment has them; "" for one that is not set.
struct NotifyVariables {
  std::string socket;         // NOTIFY_SOCKET: "/run/...", or "@..." for an abstract one.
  std::string watchdog_usec;  // WATCHDOG_USEC
  std::string watchdog_pid;   // WATCHDOG_PID

  /// Reads them; they stay set, for a successor that this process starts.
  static NotifyVariables from_environment();
};

class ServiceNotify {
 public:
  /// Nobody to tell.
  ServiceNotify() = default;
  /// `self` is the process that WATCHDOG_PID must name; a successor that takes over passes its
  /// predecessor's pid as `instead_of`, and inherits its watchdog.
  ServiceNotify(const NotifyVariables& variables, pid_t self, pid_t instead_of = 0);

  bool enabled() const noexcept { return static_cast<bool>(socket_); }
  /// The manager ends a service that is silent this long; 0: it does not watch.
  std::uint64_t watchdog_ns() const noexcept { return watchdog_ns_; }
  std::uint64_t failures_count() const noexcept { return failures_count_; }

  /// Start-up, or a reload, is finished.
  void ready(std::string_view status);
  /// With the time it began, which systemd needs to tell it from an earlier one.
  void reloading(std::uint64_t monotonic_ns);
  void stopping(std::string_view status);
  /// One line that `systemctl status` shows.
  void status(std::string_view text);
  void ping();
  /// The service's main process from now on. Systemd takes it from the main process alone.
  void main_pid(pid_t pid);

  /// Asks the manager to keep a copy of the descriptor and to give it to the next start, under this
  /// name: printable ASCII without ':', 255 bytes at most.
  void store(int fd, std::string_view name);
  /// Ends that for all descriptors of the name.
  void forget(std::string_view name);

 private:
  void send(std::string_view message, int fd = -1);

  UniqueFd socket_;
  std::string target_;  // As sun_path has it: an abstract name begins with NUL.
  std::uint64_t watchdog_ns_ = 0;
  std::uint64_t failures_count_ = 0;
};

/// When to ping the watchdog: often enough, and only while the work goes on. Heartbeats are the
/// monotonic times at which each thread was last seen at work, once a second or so.
class WatchdogSchedule {
 public:
  /// `timeout_ns`: ServiceNotify::watchdog_ns(); with 0 nothing is ever due.
  explicit WatchdogSchedule(std::uint64_t timeout_ns) noexcept;

  enum class Advice : std::uint8_t {
    kNotDue,
    kPing,
    kStale,  // Due, but a thread is stuck: do not ping; said once for each time it gets stuck.
  };
  /// REQUIRES: called at least every timeout / 8. `oldest_heartbeat_ns` may be of any age.
  Advice at(std::uint64_t now_ns, std::uint64_t oldest_heartbeat_ns) noexcept;

  /// A heartbeat older than this is stale: a third of the timeout, 3 s at least.
  std::uint64_t stale_ns() const noexcept { return stale_ns_; }

 private:
  const std::uint64_t interval_ns_;
  const std::uint64_t stale_ns_;
  std::uint64_t next_ns_ = 0;
  bool stale_said_ = false;
};

}  // namespace pixel::base
