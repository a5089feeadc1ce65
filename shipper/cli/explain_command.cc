// SPDX-License-Identifier: Apache-2.0
// pixel-shipper explain: what each sink is given, what is guaranteed and why, where its place is
// kept, and what a restart does. Opens nothing. COLD.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/units.h"
#include "shipper/cli/console.h"

namespace pixel::shipper::cli {
namespace {

using nlohmann::json;

struct Explanation {
  SinkTraits traits;
  Guarantee guarantee;
  std::string position;
  std::string restart;
};

Explanation explain_sink(const Config& config, const SinkConfig& settings) {
  const auto sink =
      settings.make({settings.name, config.sink_state(settings.name), settings.tables});
  Explanation explanation{sink->traits(), sink->guarantee(), "", ""};
  const std::string state = config.sink_state(settings.name).string();
  if (explanation.traits.keeps_checkpoint) {
    explanation.position = "by the sink itself, together with the rows";
    explanation.restart =
        "the sink says how far it has come, and that is where it goes on, also after kill -9";
  } else {
    explanation.position =
        fmt::format("in {}: a checkpoint and a journal of what is under way", state);
    explanation.restart =
        "what was sent and not confirmed is sent again: the same lines, as the same batches, with "
        "the same tokens";
  }
  return explanation;
}

std::string describe_tables(const SinkConfig& sink, const SinkTraits& traits) {
  if (traits.takes_lines) return "the lines of requests, as they are; no events";
  std::vector<std::string> tables;
  for (const TableSpec& table : sink.tables) {
    tables.push_back(fmt::format("{} ({} columns)", table.name, table.columns.size()));
  }
  return fmt::format("{}", fmt::join(tables, ", "));
}

std::string to_screen(const Config& config, const SinkConfig& sink, const Explanation& told) {
  const BatchLimits& limits = sink.limits;
  std::string text = fmt::format("sink {} ({})\n", sink.name, sink.kind);
  text += fmt::format("  takes      {}\n", describe_tables(sink, told.traits));
  text += fmt::format("  batches    of {} rows, {} or {}, whichever comes first; {} at once\n",
                      limits.rows, base::format_bytes(limits.bytes),
                      base::format_duration_ns(limits.age_ns), told.traits.concurrency_max);
  text += fmt::format("  guarantee  {}, because {};\n             breaks if {}\n",
                      told.guarantee.is_exactly_once ? "exactly once" : "at least once",
                      told.guarantee.because, told.guarantee.breaks_if);
  text += fmt::format("  position   kept {}\n", told.position);
  text += fmt::format("  restart    {}\n", told.restart);
  text += fmt::format("  bad lines  {}\n",
                      (config.sink_state(sink.name) / "dead_letters.jsonl").string());
  return text;
}

json to_object(const SinkConfig& sink, const Explanation& told) {
  json tables = json::array();
  for (const TableSpec& table : sink.tables) {
    tables.push_back({{"name", table.name}, {"columns", table.columns.size()}});
  }
  return {{"name", sink.name},
          {"kind", sink.kind},
          {"takes_lines", told.traits.takes_lines},
          {"tables", told.traits.takes_lines ? json::array() : tables},
          {"concurrency_max", told.traits.concurrency_max},
          {"exactly_once", told.guarantee.is_exactly_once},
          {"because", told.guarantee.because},
          {"breaks_if", told.guarantee.breaks_if},
          {"keeps_checkpoint", told.traits.keeps_checkpoint},
          {"position", told.position},
          {"restart", told.restart}};
}

int explain(const Invocation& invocation, const std::string& name) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  const auto sinks = pick_sinks(invocation, *config, name);
  if (!sinks) return kWrongUsage;
  json list = json::array();
  std::string screen;
  for (const SinkConfig& sink : *sinks) {
    const Explanation told = explain_sink(*config, sink);
    list.push_back(to_object(sink, told));
    screen += (screen.empty() ? "" : "\n") + to_screen(*config, sink, told);
  }
  print(invocation.as_json ? json{{"sinks", list}}.dump() : screen);
  return kFine;
}

}  // namespace

void add_explain(CLI::App& app, Invocation& invocation) {
  const auto sink = std::make_shared<std::string>();
  CLI::App* const command = add_command(
      app, invocation, "explain", "Say per sink what is guaranteed, why, and what would break it",
      "explain --sink lake");
  command->add_option("--sink", *sink, "Only this one");
  command->callback([&invocation, sink] {
    invocation.action = [&invocation, sink] { return explain(invocation, *sink); };
  });
}

}  // namespace pixel::shipper::cli
