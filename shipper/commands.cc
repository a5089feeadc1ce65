// SPDX-License-Identifier: Apache-2.0
// See commands.h. COLD.
#include "shipper/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>

#include "base/admin_server.h"
#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/service_notify.h"
#include "shipper/admin.h"
#include "shipper/report.h"
#include "shipper/service.h"

namespace pixel::shipper {
namespace {

constexpr int kFine = 0;
constexpr int kFailed = 1;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
}

int fail(const std::string& message) {
  fmt::print(stderr, "pixel-shipper: {}\n", message);
  return kFailed;
}

// The signals that end the process; blocked in every thread and fetched by the main one.
sigset_t end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// True when a signal came within the time.
bool wait_for_signal(const sigset_t& signals, long milliseconds) {
  const timespec timeout{milliseconds / 1000, (milliseconds % 1000) * 1'000'000};
  return sigtimedwait(&signals, nullptr, &timeout) > 0;
}

// Until all is delivered or a signal comes. The manager's watchdog sees that this thread lives: a
// sink that hangs has its own time-outs, and no other one should end with it.
void run_until_end(const Service& service, const sigset_t& signals, bool once,
                   base::ServiceNotify& notify) {
  base::WatchdogSchedule schedule(notify.watchdog_ns());
  while (!service.is_done() && !wait_for_signal(signals, once ? 10 : 1000)) {
    const std::uint64_t now_ns = base::monotonic_ns();
    if (schedule.at(now_ns, now_ns) == base::WatchdogSchedule::Advice::kPing) notify.ping();
  }
}

// The running shipper's answer; nothing where none runs.
std::optional<base::AdminReply> ask(const Config& config, const std::string& path,
                                    const std::string* body = nullptr) {
  if (config.admin.empty()) return std::nullopt;
  auto reply = base::admin_call(config.admin, path, body);
  if (!reply) return std::nullopt;
  return std::move(reply).value();
}

// One sink opened by this process, under the lock.
base::Result<QueryAnswer> query_offline(const Config& config, const std::string& name,
                                        const std::string& sql) {
  const auto lock = InstanceLock::acquire(config.state);
  if (!lock) return lock.error();
  base::Error error{"no sink is called " + name};
  for (const SinkConfig& candidate : config.sinks) {
    if (!name.empty() && candidate.name != name) continue;
    auto sink = candidate.make({candidate.name, config.sink_state(candidate.name), config.tables});
    const auto opened = sink->open();
    if (!opened) return opened.error();
    auto answer = sink->query(sql);
    sink->close();
    if (answer || !name.empty() || candidate.kind != "file") return answer;
    error = answer.error();
  }
  return error;
}

base::Result<std::string> holdings_offline(const Config& config) {
  const auto lock = InstanceLock::acquire(config.state);
  if (!lock) return lock.error();
  std::vector<SinkHoldings> all;
  for (const SinkConfig& candidate : config.sinks) {
    auto sink = candidate.make({candidate.name, config.sink_state(candidate.name), config.tables});
    const auto opened = sink->open();
    if (!opened) {
      all.push_back({candidate.name, opened.error(), nullptr});
      continue;
    }
    all.push_back({candidate.name, sink->holdings(), std::make_shared<const Checkpoint>(*opened)});
    sink->close();
  }
  return holdings_json(all);
}

}  // namespace

int run_command(const Config& config, bool once) {
  const sigset_t signals = end_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  base::start_diagnostics(config.log_level);
  Service service(config);
  if (const auto status = service.start(once); !status) return fail(status.error().message);
  base::AdminServer admin;
  serve_admin(admin, service);
  const auto listening = config.admin.empty() ? base::ok_status() : admin.start(config.admin);
  if (!listening) {
    // A short run needs no admin listener, and the usual one may be another shipper's.
    if (!once) return fail(listening.error().message);
    spdlog::warn("{}", listening.error().message);
  }
  spdlog::info("pixel-shipper follows {} with {} sinks; admin on {}", config.spool.string(),
               config.sinks.size(), config.admin.empty() ? "no address" : config.admin);
  base::ServiceNotify notify(base::NotifyVariables::from_environment(), ::getpid());
  notify.ready(
      fmt::format("following {} with {} sinks", config.spool.string(), config.sinks.size()));
  run_until_end(service, signals, once, notify);
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

int status_command(const Config& config, bool as_json) {
  std::string json;
  if (const auto reply = ask(config, "/status")) {
    json = reply->body;
  } else {
    const auto reports = offline_reports(config);
    if (!reports) return fail(reports.error().message);
    json = status_json(*reports, false);
  }
  if (as_json) {
    print(json);
    return kFine;
  }
  const auto screen = status_screen(json);
  if (!screen) return fail("the answer from " + config.admin + " is not a shipper's");
  print(*screen);
  return kFine;
}

int sources_command(const Config& config) {
  if (const auto reply = ask(config, "/sources")) {
    print(reply->body);
    return reply->status == 200 ? kFine : kFailed;
  }
  const auto lock = InstanceLock::acquire(config.state);
  if (!lock) return fail(lock.error().message);
  Catalogue catalogue(config.spool);
  ForeignSources foreign(config.sources, config.state, catalogue);
  if (const auto status = foreign.open(); !status) return fail(status.error().message);
  print(foreign.to_json());
  return kFine;
}

int holdings_command(const Config& config) {
  if (const auto reply = ask(config, "/holdings")) {
    print(reply->body);
    return reply->status == 200 ? kFine : kFailed;
  }
  const auto json = holdings_offline(config);
  if (!json) return fail(json.error().message);
  print(*json);
  return kFine;
}

int sql_command(const Config& config, const std::string& sink, const std::string& sql) {
  const std::string body = query_request(sink, sql);
  if (const auto reply = ask(config, "/query", &body)) {
    if (reply->status != 200) return fail(reply->body);
    print(reply->body);
    return kFine;
  }
  const auto answer = query_offline(config, sink, sql);
  if (!answer) return fail(answer.error().message);
  print(answer->json);
  return kFine;
}

}  // namespace pixel::shipper
