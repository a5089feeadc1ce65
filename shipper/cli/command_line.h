// SPDX-License-Identifier: Apache-2.0
// The command line of pixel-shipper: flags -> a command -> an exit code. COLD; the main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace pixel::shipper::cli {

/// 0 fine; 1 failed, or not well; 2 wrong usage or settings.
enum ExitCode : int { kFine = 0, kFailed = 1, kWrongUsage = 2 };

/// What all commands know of the line. Outlives the parsing; commands set `action`.
struct Invocation {
  std::string config_path = "/etc/pixeledge/shipper.toml";
  bool as_json = false;
  const CLI::App* app = nullptr;
  std::function<int()> action;
};

/// Parses, runs the command, returns the exit code. `version`: "pixel-shipper 0.1.0".
int run_command_line(int argc, const char* const* argv, const char* version);

/// Each adds one command (or a family of them).
void add_run(CLI::App& app, Invocation& invocation);
void add_check(CLI::App& app, Invocation& invocation);
void add_test(CLI::App& app, Invocation& invocation);
void add_explain(CLI::App& app, Invocation& invocation);
void add_init(CLI::App& app, Invocation& invocation);
void add_status(CLI::App& app, Invocation& invocation);
void add_holdings(CLI::App& app, Invocation& invocation);
void add_sources(CLI::App& app, Invocation& invocation);
void add_sql(CLI::App& app, Invocation& invocation);
void add_audit(CLI::App& app, Invocation& invocation);
void add_replay(CLI::App& app, Invocation& invocation);
void add_backfill(CLI::App& app, Invocation& invocation);
void add_dlq(CLI::App& app, Invocation& invocation);
void add_journal(CLI::App& app, Invocation& invocation);
void add_completion(CLI::App& app, Invocation& invocation);

/// A command with its one-line description, a --json flag, and an example in its help.
CLI::App* add_command(CLI::App& app, Invocation& invocation, const std::string& name,
                      const std::string& description, const std::string& example);

}  // namespace pixel::shipper::cli
