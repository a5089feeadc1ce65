// SPDX-License-Identifier: Apache-2.0
// COLD: signals, reload, watchdog, successor, drain. See service.h.
#include <fmt/format.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/units.h"
#include "edge/config_reload.h"
#include "edge/life/successor.h"
#include "edge/service.h"

namespace pixel::edge {
namespace {

constexpr std::uint64_t kWatchNs = 250 * base::kMillisecondNs;

}  // namespace

// Serves until it is asked to end or a successor has taken over; false when a worker failed.
bool Service::serve() {
  while (!server_->worker_failed()) {
    handle(wait_for_signal(kWatchNs));
    if (asked_to_end_) return true;
    watch_workers();
    watch_disk();
  }
  return false;
}

void Service::handle(int signal_number) {
  switch (signal_number) {
    case SIGINT:
    case SIGTERM:
      asked_to_end_ = true;
      break;
    case SIGHUP:
      reload();
      break;
    case SIGUSR2:
      upgrade();
      break;
    case SIGCHLD:
      reap_successor();
      break;
    default:
      break;
  }
}

// Bad settings change nothing; good ones are taken without a connection noticing.
void Service::reload() {
  notify_.reloading(base::monotonic_ns());
  const LoadedConfig loaded = load_config(options_.config_path);
  for (const std::string& error : loaded.errors) spdlog::error("{}", error);
  if (!loaded.errors.empty()) {
    spdlog::error("SIGHUP: settings not changed");
    return notify_.ready("serving; the last reload was refused");
  }
  if (const auto reloaded = server_->reload(loaded.config); !reloaded) {
    spdlog::error("SIGHUP: settings not changed: {}", reloaded.error().message);
    return notify_.ready("serving; the last reload was refused");
  }
  const auto waiting = restart_only_differences(config_, loaded.config);
  config_.drain_delay_ns = loaded.config.drain_delay_ns;
  config_.drain_patience_ns = loaded.config.drain_patience_ns;
  if (waiting.empty()) {
    spdlog::info("SIGHUP: settings reloaded");
  } else {
    spdlog::warn("SIGHUP: settings reloaded; these wait for a restart: {}",
                 fmt::join(waiting, ", "));
  }
  notify_.ready("serving");
}

// The successor boots beside us, takes our listeners, and then has us drain.
void Service::upgrade() {
  if (config_.handover.empty()) return spdlog::error("SIGUSR2: server.handover is empty");
  if (successor_ != 0) return spdlog::warn("SIGUSR2: a successor is starting already");
  auto command = own_command_line();
  if (!command) return spdlog::error("SIGUSR2: {}", command.error().message);
  const auto started = start_successor(std::move(command).value());
  if (!started) return spdlog::error("SIGUSR2: {}", started.error().message);
  successor_ = *started;
  spdlog::info("SIGUSR2: process {} starts to take over", successor_);
}

void Service::reap_successor() {
  int status = 0;
  if (successor_ == 0 || ::waitpid(successor_, &status, WNOHANG) != successor_) return;
  spdlog::error("the successor ended without taking over; serving on");
  successor_ = 0;
}

// Silent when a worker is stuck: the manager then ends this process and starts another.
void Service::watch_workers() {
  using Advice = base::WatchdogSchedule::Advice;
  const std::uint64_t now_ns = base::monotonic_ns();
  // Workers that have ended their drain have no heartbeat.
  switch (watchdog_->at(now_ns, asked_to_end_ ? now_ns : server_->oldest_heartbeat_ns())) {
    case Advice::kPing:
      notify_.ping();
      break;
    case Advice::kStale:
      spdlog::error("a worker gives no sign of life; the watchdog is not told otherwise");
      break;
    case Advice::kNotDue:
      break;
  }
}

// Of answers that wait for the disk. Workers say nothing themselves: they may not allocate.
void Service::watch_disk() {
  std::string trouble = server_->disk_trouble();
  if (trouble == disk_trouble_) return;
  if (trouble.empty()) {
    spdlog::info("the disk takes lines again");
  } else {
    spdlog::error("{}; answers are withheld, and the same lines are written again until it does",
                  trouble);
  }
  disk_trouble_ = std::move(trouble);
}

// Readiness is already 503. A second signal ends the waiting, never the sealing.
void Service::drain() {
  const std::uint64_t delay_ns = taken_over_ ? 0 : config_.drain_delay_ns;
  spdlog::info("draining{}: not ready for {}, then up to {} for open connections",
               taken_over_ ? " (taken over)" : "", base::format_duration_ns(delay_ns),
               base::format_duration_ns(config_.drain_patience_ns));
  bool hurry = false;
  const auto asked_again = [this](std::uint64_t wait_ns) {
    const int number = wait_for_signal(wait_ns);
    if (number == SIGHUP || number == SIGUSR2) spdlog::warn("draining: signal {} ignored", number);
    return number == SIGINT || number == SIGTERM;
  };
  const std::uint64_t delay_end_ns = base::monotonic_ns() + delay_ns;
  for (auto now_ns = base::monotonic_ns(); now_ns < delay_end_ns && !hurry;
       now_ns = base::monotonic_ns()) {
    hurry = asked_again(std::min(delay_end_ns - now_ns, kWatchNs));
    watch_workers();
  }
  server_->begin_drain(hurry ? 0 : config_.drain_patience_ns);
  while (!server_->drained()) {
    watch_workers();
    if (!asked_again(10 * base::kMillisecondNs) || hurry) continue;
    hurry = true;
    spdlog::info("asked again: open connections are cut");
    server_->begin_drain(0);
  }
}

}  // namespace pixel::edge
