// SPDX-License-Identifier: Apache-2.0
// pixel-edge: flags -> configuration -> server -> signals -> drain. COLD.
#include <pthread.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/units.h"
#include "edge/config.h"
#include "edge/server.h"

namespace {

namespace fs = std::filesystem;
using pixel::edge::EdgeConfig;
using pixel::edge::Server;

constexpr int kFine = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr const char* kDefaultConfig = "/etc/pixeledge/edge.toml";

struct Flags {
  std::string config;
  std::string log_level = "info";
  bool check = false;
};

// Signals are read by the main thread alone, with sigtimedwait: no handler, no async-signal rules.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

// The next signal within `wait_ns`, or 0.
int wait_for_signal(const sigset_t& set, std::uint64_t wait_ns) {
  timespec timeout{};
  timeout.tv_sec = static_cast<time_t>(wait_ns / pixel::base::kSecondNs);
  timeout.tv_nsec = static_cast<long>(wait_ns % pixel::base::kSecondNs);
  const int number = ::sigtimedwait(&set, nullptr, &timeout);
  return number > 0 ? number : 0;
}

// Serves until SIGINT or SIGTERM; false when a worker failed.
bool serve(const Server& server, const sigset_t& set) {
  while (!server.worker_failed()) {
    const int number = wait_for_signal(set, 250 * pixel::base::kMillisecondNs);
    if (number == SIGINT || number == SIGTERM) return true;
    if (number == SIGHUP) spdlog::info("SIGHUP: settings are read at start; restart to apply");
  }
  return false;
}

// Readiness is already 503. A second signal ends the waiting, never the sealing.
void drain(Server& server, const EdgeConfig& config, const sigset_t& set) {
  spdlog::info("draining: not ready for {}, then up to {} for open connections",
               pixel::base::format_duration_ns(config.drain_delay_ns),
               pixel::base::format_duration_ns(config.drain_patience_ns));
  bool hurry = false;
  const std::uint64_t delay_end_ns = pixel::base::monotonic_ns() + config.drain_delay_ns;
  for (auto now_ns = pixel::base::monotonic_ns(); now_ns < delay_end_ns && !hurry;
       now_ns = pixel::base::monotonic_ns()) {
    hurry = wait_for_signal(set, delay_end_ns - now_ns) > 0;
  }
  server.begin_drain(hurry ? 0 : config.drain_patience_ns);
  while (!server.drained()) {
    if (wait_for_signal(set, 10 * pixel::base::kMillisecondNs) == 0 || hurry) continue;
    hurry = true;
    spdlog::info("asked again: open connections are cut");
    server.begin_drain(0);
  }
}

int run(const EdgeConfig& config) {
  const sigset_t set = block_signals();
  spdlog::debug("settings:\n{}", pixel::edge::dump(config));
  auto booted = Server::boot(config, PIXEL_VERSION);
  if (!booted) {
    spdlog::error("{}", booted.error().message);
    return kFailed;
  }
  Server& server = **booted;
  const bool asked = serve(server, set);
  server.stop_being_ready();
  if (asked) {
    drain(server, config, set);
  } else {
    server.begin_drain(0);
  }
  const auto finished = server.finish();
  if (!finished) spdlog::error("{}", finished.error().message);
  return finished && asked ? kFine : kFailed;
}

// The file to read, or nothing after a message.
bool choose_config(Flags& flags) {
  if (!flags.config.empty()) return true;
  std::error_code error;
  flags.config = kDefaultConfig;
  if (fs::exists(flags.config, error)) return true;
  std::fprintf(stderr, "pixel-edge: no --config given and %s does not exist\n", kDefaultConfig);
  return false;
}

int start(Flags flags) {
  if (!pixel::base::start_diagnostics(flags.log_level)) {
    std::fprintf(stderr, "pixel-edge: --log-level: expected debug, info, warn or error\n");
    return kUsage;
  }
  if (!choose_config(flags)) return kUsage;
  const auto loaded = pixel::edge::load_config(flags.config);
  for (const std::string& error : loaded.errors) std::fprintf(stderr, "%s\n", error.c_str());
  if (!loaded.errors.empty()) return kUsage;
  if (flags.check) {
    std::puts("ok");
    return kFine;
  }
  return run(loaded.config);
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app{"pixel-edge answers tracking pixels and logs every request before its answer."};
  app.add_option("--config", flags.config,
                 std::string("Settings (TOML); ") + kDefaultConfig + " when it exists");
  app.add_flag("--check", flags.check, "Check the settings, print ok or every error, and exit");
  app.add_option("--log-level", flags.log_level, "debug, info, warn or error (info)");
  app.set_version_flag("--version", std::string("pixel-edge ") + PIXEL_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kFine : kUsage;
  }
  return start(flags);
}
