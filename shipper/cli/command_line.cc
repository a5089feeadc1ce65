// SPDX-License-Identifier: Apache-2.0
// See command_line.h. COLD.
#include "shipper/cli/command_line.h"

#include "base/diagnostics.h"

namespace pixel::shipper::cli {

CLI::App* add_command(CLI::App& app, Invocation& invocation, const std::string& name,
                      const std::string& description, const std::string& example) {
  CLI::App* const command = app.add_subcommand(name, description);
  command->add_flag("--json", invocation.as_json, "For machines");
  command->footer("Example:\n  pixel-shipper " + example);
  return command;
}

int run_command_line(int argc, const char* const* argv, const char* version) {
  // What a command answers goes to standard output, and nothing else does.
  base::start_diagnostics("warn");
  Invocation invocation;
  CLI::App app("Ships access logs from the spool to sinks: exactly once, each at its own pace.",
               "pixel-shipper");
  invocation.app = &app;
  app.set_version_flag("--version", version);
  app.add_option("--config", invocation.config_path, "The config file; any command takes it")
      ->capture_default_str();
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.footer(
      "Exit status: 0 fine; 1 failed, or not well; 2 wrong usage or settings.\n"
      "pixel-shipper COMMAND --help says more and gives an example.");
  for (const auto add :
       {add_run, add_check, add_test, add_explain, add_init, add_status, add_audit, add_replay,
        add_backfill, add_dlq, add_journal, add_sql, add_holdings, add_sources, add_completion}) {
    add(app, invocation);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFine : kWrongUsage;
  }
  return invocation.action();
}

}  // namespace pixel::shipper::cli
