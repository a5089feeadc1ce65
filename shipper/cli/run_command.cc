// SPDX-License-Identifier: Apache-2.0
// pixel-shipper run: the service, until a signal ends it; SIGHUP gives it new settings. COLD.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/service_notify.h"
#include "shipper/admin.h"
#include "shipper/cli/console.h"
#include "shipper/service.h"

namespace pixel::shipper::cli {
namespace {

// Blocked in every thread and fetched by the main one.
sigset_t our_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  return signals;
}

// Its number, or 0 when none came within the time.
int wait_for_signal(const sigset_t& signals, long milliseconds) {
  const timespec timeout{milliseconds / 1000, (milliseconds % 1000) * 1'000'000};
  return std::max(sigtimedwait(&signals, nullptr, &timeout), 0);
}

std::string running_text(const Config& config) {
  return fmt::format("following {} with {} sinks", config.spool.string(), config.sinks.size());
}

std::string describe(const ReloadChanges& changes) {
  std::string text;
  const auto add = [&text](std::string_view what, const std::vector<std::string>& names) {
    if (!names.empty()) text += fmt::format("; {} {}", what, fmt::join(names, ", "));
  };
  add("added", changes.added);
  add("removed", changes.removed);
  add("restarted", changes.restarted);
  return text.empty() ? "; no sink is touched" : text;
}

// A bad file changes nothing: everything goes on as it was.
void reload(Service& service, const std::string& path, base::ServiceNotify& notify) {
  notify.reloading(base::monotonic_ns());
  const LoadedConfig loaded = load_config(path);
  if (!loaded.errors.empty()) {
    for (const std::string& error : loaded.errors) spdlog::error("{}", error);
    spdlog::error("SIGHUP: settings not changed: {} errors", loaded.errors.size());
    service.refuse_reload();
    return notify.ready("running; the last reload was refused");
  }
  const ReloadChanges changes = service.reload(loaded.config);
  spdlog::set_level(spdlog::level::from_str(loaded.config.log_level));
  spdlog::info("SIGHUP: settings reloaded{}", describe(changes));
  if (!changes.waiting.empty()) {
    spdlog::warn("SIGHUP: these wait for a restart: {}", fmt::join(changes.waiting, ", "));
  }
  notify.ready(running_text(loaded.config));
}

// Until all is delivered or a signal ends it. The manager's watchdog sees that this thread lives: a
// sink that hangs has its own time-outs, and no other one should end with it.
void run_until_end(Service& service, const sigset_t& signals, bool once,
                   const std::string& config_path, base::ServiceNotify& notify) {
  base::WatchdogSchedule schedule(notify.watchdog_ns());
  while (!service.is_done()) {
    const int signal = wait_for_signal(signals, once ? 10 : 1000);
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP && !once) reload(service, config_path, notify);
    const std::uint64_t now_ns = base::monotonic_ns();
    if (schedule.at(now_ns, now_ns) == base::WatchdogSchedule::Advice::kPing) notify.ping();
  }
}

int run(const Invocation& invocation, bool once) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  const sigset_t signals = our_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  base::start_diagnostics(config->log_level);
  Service service(*config);
  if (const auto status = service.start(once); !status) {
    return fail(invocation, status.error().message);
  }
  base::AdminServer admin;
  serve_admin(admin, service);
  const auto listening = config->admin.empty() ? base::ok_status() : admin.start(config->admin);
  if (!listening) {
    // A short run needs no admin listener, and the usual one may be another shipper's.
    if (!once) return fail(invocation, listening.error().message);
    spdlog::warn("{}", listening.error().message);
  }
  spdlog::info("pixel-shipper follows {} with {} sinks; admin on {}", config->spool.string(),
               config->sinks.size(), config->admin.empty() ? "no address" : config->admin);
  base::ServiceNotify notify(base::NotifyVariables::from_environment(), ::getpid());
  notify.ready(running_text(*config));
  run_until_end(service, signals, once, invocation.config_path, notify);
  notify.stopping("delivering what was read");
  admin.stop();
  service.stop();
  for (const SinkReport& report : service.reports()) {
    spdlog::info("sink {}: {} delivered {}, dead-lettered {}, pending {}", report.name,
                 pipeline_state_name(report.status.state), report.books.delivered,
                 report.books.dead_lettered, report.books.pending);
  }
  return service.has_failed() ? kFailed : kFine;
}

}  // namespace

void add_run(CLI::App& app, Invocation& invocation) {
  const auto once = std::make_shared<bool>(false);
  app.add_flag("--once", *once, "Deliver all that is published, then exit");
  CLI::App* const command =
      app.add_subcommand("run", "Run until SIGTERM (what happens without a command)");
  command->footer(
      "SIGHUP takes new settings: only sinks that changed are restarted; settings with errors\n"
      "are refused and everything goes on.\n"
      "Example:\n  pixel-shipper run --config /etc/pixeledge/shipper.toml");
  invocation.action = [&invocation, once] { return run(invocation, *once); };
}

}  // namespace pixel::shipper::cli
