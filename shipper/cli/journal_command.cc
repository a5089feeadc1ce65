// SPDX-License-Identifier: Apache-2.0
// pixel-shipper journal show and discard: what a sink that keeps no checkpoint may have been sent
// and not confirmed. COLD.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shipper/cli/console.h"
#include "shipper/deliver/journal.h"
#include "shipper/instance_lock.h"

namespace pixel::shipper::cli {
namespace {

using nlohmann::json;

json intent_json(const Intent& intent) {
  json ranges = json::array();
  std::uint64_t lines = 0;
  for (const Range& range : intent.ranges) {
    lines += range.lines;
    ranges.push_back({{"segment", to_text(range.segment)}, {"from", range.from}, {"to", range.to}});
  }
  return {{"number", intent.number},
          {"lines", lines},
          {"xxh3_128", intent.xxh3_128},
          {"ranges", std::move(ranges)}};
}

// Reading changes nothing: a running shipper is not disturbed.
int show(const Invocation& invocation, const std::string& name) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  const auto sinks = pick_sinks(invocation, *config, name);
  if (!sinks) return kWrongUsage;
  json list = json::array();
  int code = kFine;
  for (const SinkConfig& sink : *sinks) {
    const auto reading = read_journal(real_file_system(), config->sink_state(sink.name));
    if (!reading) {
      code = kFailed;
      list.push_back({{"sink", sink.name}, {"error", reading.error().message}});
      if (!invocation.as_json)
        print(fmt::format("sink {}: {}", sink.name, reading.error().message));
      continue;
    }
    json intents = json::array();
    for (const Intent& intent : reading->state.intents) intents.push_back(intent_json(intent));
    if (!invocation.as_json) {
      print(reading->generation == 0
                ? fmt::format("sink {}: no journal: it keeps its checkpoint itself, or has not "
                              "begun",
                              sink.name)
                : fmt::format("sink {}: {} batches under way; {} lines are surely there", sink.name,
                              intents.size(), reading->state.checkpoint.lines));
      if (!reading->note.empty()) print("  note: " + reading->note);
      for (const json& intent : intents) print("  " + intent.dump());
    }
    list.push_back({{"sink", sink.name},
                    {"generation", reading->generation},
                    {"lines", reading->state.checkpoint.lines},
                    {"note", reading->note},
                    {"intents", std::move(intents)}});
  }
  if (invocation.as_json) print(json{{"sinks", list}}.dump());
  return code;
}

int discard(const Invocation& invocation, const std::string& name) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  const auto sinks = pick_sinks(invocation, *config, name);
  if (!sinks) return kWrongUsage;
  const auto lock = InstanceLock::acquire(config->state);
  if (!lock) return fail(invocation, lock.error().message);
  const auto done = discard_journal(real_file_system(), config->sink_state(name));
  if (!done) return fail(invocation, done.error().message);
  print(invocation.as_json ? json{{"sink", name}, {"discarded", *done}}.dump() : *done);
  return kFine;
}

}  // namespace

void add_journal(CLI::App& app, Invocation& invocation) {
  const auto sink = std::make_shared<std::string>();
  CLI::App* const family =
      app.add_subcommand("journal", "What was sent and is not confirmed, of sinks like s3 or http");
  family->require_subcommand(1);
  CLI::App* const shown = add_command(*family, invocation, "show", "The batches under way",
                                      "journal show --sink bucket");
  shown->add_option("--sink", *sink, "Only this one");
  shown->callback([&invocation, sink] {
    invocation.action = [&invocation, sink] { return show(invocation, *sink); };
  });
  CLI::App* const discarded =
      add_command(*family, invocation, "discard",
                  "Give them up and read their lines again: they may arrive twice, none is lost",
                  "journal discard --sink bucket\n  The shipper must be stopped.");
  discarded->add_option("--sink", *sink, "Its name")->required();
  discarded->callback([&invocation, sink] {
    invocation.action = [&invocation, sink] { return discard(invocation, *sink); };
  });
}

}  // namespace pixel::shipper::cli
