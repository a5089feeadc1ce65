// SPDX-License-Identifier: Apache-2.0
// pixel-shipper check and init: are the settings good, do the sinks answer, and what must be made
// there. Neither takes the lock: a running shipper is not disturbed. COLD.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "shipper/cli/console.h"

namespace pixel::shipper::cli {
namespace {

using nlohmann::json;

std::string dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::unique_ptr<Sink> make_sink(const Config& config, const SinkConfig& sink) {
  return sink.make({sink.name, config.sink_state(sink.name), sink.tables});
}

struct Finding {
  std::string where;
  std::string kind;
  base::Status status;
};

// The shipper's own folders, then each sink.
std::vector<Finding> reach_all(const Config& config) {
  std::vector<Finding> findings;
  std::error_code error;
  const bool has_spool = std::filesystem::is_directory(config.spool, error);
  findings.push_back(
      {"spool.path", "",
       has_spool ? base::ok_status()
                 : base::Status(
                       base::Error{config.spool.string() +
                                   " is no directory: pixel-edge makes it, or set spool.path"})});
  findings.push_back({"state.path", "", base::check_writable(config.state)});
  for (const SinkConfig& sink : config.sinks) {
    findings.push_back({"sink " + sink.name, sink.kind, make_sink(config, sink)->reach()});
  }
  return findings;
}

int print_findings(const Invocation& invocation, const std::vector<Finding>& findings) {
  bool fine = true;
  json list = json::array();
  for (const Finding& finding : findings) {
    const std::string error = finding.status ? "" : finding.status.error().message;
    fine = fine && finding.status.ok();
    list.push_back({{"where", finding.where}, {"fine", finding.status.ok()}, {"error", error}});
    if (invocation.as_json) continue;
    const std::string kind = finding.kind.empty() ? "" : " (" + finding.kind + ")";
    print(fmt::format("{}{}: {}", finding.where, kind, finding.status ? "fine" : error));
  }
  if (invocation.as_json) print(dump({{"fine", fine}, {"errors", json::array()}, {"reach", list}}));
  return fine ? kFine : kFailed;
}

int check(const Invocation& invocation, bool reach) {
  const LoadedConfig loaded = load_config(invocation.config_path);
  if (!loaded.errors.empty()) {
    if (invocation.as_json) print(dump({{"fine", false}, {"errors", loaded.errors}}));
    for (const std::string& error : loaded.errors) {
      if (!invocation.as_json) fmt::print(stderr, "{}\n", error);
    }
    return kWrongUsage;
  }
  const Config& config = loaded.config;
  if (!invocation.as_json) {
    print(fmt::format("{}: fine, {} sinks, {} tables", invocation.config_path, config.sinks.size(),
                      config.tables.size()));
  }
  if (reach) return print_findings(invocation, reach_all(config));
  if (invocation.as_json) {
    print(dump({{"fine", true},
                {"errors", json::array()},
                {"sinks", config.sinks.size()},
                {"tables", config.tables.size()}}));
  }
  return kFine;
}

int init(const Invocation& invocation, const std::string& name, bool dry_run) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  const auto sinks = pick_sinks(invocation, *config, name);
  if (!sinks) return kWrongUsage;
  bool fine = true;
  json list = json::array();
  for (const SinkConfig& sink : *sinks) {
    const auto done = make_sink(*config, sink)->initialise(dry_run);
    fine = fine && done.ok();
    const std::string text = done ? *done : done.error().message;
    list.push_back({{"sink", sink.name}, {"fine", done.ok()}, {done ? "done" : "error", text}});
    if (invocation.as_json) continue;
    print(fmt::format("sink {} ({}){}:", sink.name, sink.kind, dry_run ? ", would do" : ""));
    print(text);
  }
  if (invocation.as_json) {
    print(dump({{"fine", fine}, {"dry_run", dry_run}, {"sinks", std::move(list)}}));
  }
  return fine ? kFine : kFailed;
}

}  // namespace

void add_check(CLI::App& app, Invocation& invocation) {
  const auto reach = std::make_shared<bool>(false);
  CLI::App* const command = add_command(
      app, invocation, "check", "Validate the settings: every error at once, with line and key",
      "check --reach\n  Exits with 2 for bad settings, with 1 where a sink cannot be reached.");
  command->add_flag("--reach", *reach, "Also ask each sink: connect, authenticate, change nothing");
  command->callback([&invocation, reach] {
    invocation.action = [&invocation, reach] { return check(invocation, *reach); };
  });
}

void add_init(CLI::App& app, Invocation& invocation) {
  struct Options {
    std::string sink;
    bool dry_run = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      add_command(app, invocation, "init",
                  "Make what the sinks need: schemas, tables, roles. Doing it twice is fine",
                  "init --sink postgres --dry-run");
  command->add_option("--sink", options->sink, "Only this one");
  command->add_flag("--dry-run", options->dry_run, "Say what would be done");
  command->callback([&invocation, options] {
    invocation.action = [&invocation, options] {
      return init(invocation, options->sink, options->dry_run);
    };
  });
}

}  // namespace pixel::shipper::cli
