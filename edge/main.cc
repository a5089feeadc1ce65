// SPDX-License-Identifier: Apache-2.0
// pixel-edge: flags -> settings -> service. COLD.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/diagnostics.h"
#include "edge/config.h"
#include "edge/service.h"

namespace {

namespace fs = std::filesystem;
using pixel::edge::Service;

constexpr int kFine = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr const char* kDefaultConfig = "/etc/pixeledge/edge.toml";

struct Flags {
  std::string config;
  std::string log_level = "info";
  bool check = false;
  bool take_over = false;
};

// The file to read, or nothing after a message.
bool choose_config(Flags& flags) {
  if (!flags.config.empty()) return true;
  std::error_code error;
  flags.config = kDefaultConfig;
  if (fs::exists(flags.config, error)) return true;
  std::fprintf(stderr, "pixel-edge: no --config given and %s does not exist\n", kDefaultConfig);
  return false;
}

int check(const pixel::edge::EdgeConfig& config, bool says_ok) {
  const auto rules = pixel::edge::Rules::create(config);
  if (!rules) {
    std::fprintf(stderr, "%s\n", rules.error().message.c_str());
    return kUsage;
  }
  if (says_ok) std::puts("ok");
  return kFine;
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
  const int checked = check(loaded.config, flags.check);
  if (flags.check || checked != kFine) return checked;
  Service service({flags.config, PIXEL_VERSION, flags.take_over}, loaded.config);
  return service.run() ? kFine : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app{"pixel-edge answers tracking pixels and logs every request before its answer."};
  app.add_option("--config", flags.config,
                 std::string("Settings (TOML); ") + kDefaultConfig + " when it exists");
  app.add_flag("--check", flags.check, "Check the settings, print ok or every error, and exit");
  app.add_flag("--take-over", flags.take_over,
               "Take the listeners of the running process (server.handover), then have it drain");
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
