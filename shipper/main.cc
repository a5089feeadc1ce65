// SPDX-License-Identifier: Apache-2.0
// pixel-shipper: the command line. COLD.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "shipper/commands.h"
#include "shipper/config.h"

namespace {

constexpr int kWrongUsage = 2;

struct Arguments {
  std::string config = "/etc/pixeledge/shipper.toml";
  bool once = false;
  bool as_json = false;
  std::string sink;
  std::string sql;
};

// Prints every error; nothing where there was one.
std::optional<pixel::shipper::Config> load(const std::string& path) {
  const auto reader = pixel::base::ConfigReader::from_file(path);
  auto config = pixel::shipper::read_config(*reader);
  const auto errors = reader->errors();
  for (const std::string& error : errors) fmt::print(stderr, "{}\n", error);
  if (!errors.empty()) return std::nullopt;
  return config;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Ships access logs from the spool to sinks: exactly once, each at its own pace.",
               "pixel-shipper");
  app.set_version_flag("--version", "pixel-shipper " PIXEL_VERSION);
  app.add_option("--config", arguments.config, "The config file")->capture_default_str();
  app.add_flag("--once", arguments.once, "Deliver all that is published, then exit");
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.add_subcommand("run", "Run until SIGTERM (what happens without a command)");
  auto* const status = app.add_subcommand("status", "Lag and books of each sink");
  status->add_flag("--json", arguments.as_json, "For machines");
  auto* const holdings = app.add_subcommand("holdings", "What each sink holds, by segment (JSON)");
  holdings->add_flag("--json", arguments.as_json, "The only format");
  auto* const sources =
      app.add_subcommand("sources", "Which segment is which part of which foreign file (JSON)");
  auto* const sql = app.add_subcommand("sql", "Ask a sink that understands SQL (JSON)");
  sql->add_option("--sink", arguments.sink, "Its name; default: the first that answers queries");
  sql->add_option("query", arguments.sql, "SELECT ...")->required();
  auto* const check = app.add_subcommand("check", "Validate the config file");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }

  const auto config = load(arguments.config);
  if (!config) return kWrongUsage;
  if (check->parsed()) {
    fmt::print("{}: fine, {} sinks, {} tables\n", arguments.config, config->sinks.size(),
               config->tables.size());
    return 0;
  }
  if (status->parsed()) return pixel::shipper::status_command(*config, arguments.as_json);
  if (sources->parsed()) return pixel::shipper::sources_command(*config);
  if (holdings->parsed()) return pixel::shipper::holdings_command(*config);
  if (sql->parsed()) {
    return pixel::shipper::sql_command(*config, arguments.sink, arguments.sql);
  }
  return pixel::shipper::run_command(*config, arguments.once);
}
