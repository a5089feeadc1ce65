// SPDX-License-Identifier: Apache-2.0
// pixel-shipper dlq list, show, replay: the lines that became no row, why, and a second chance.
// COLD.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

#include "shipper/cli/job_client.h"
#include "shipper/letter_box.h"

namespace pixel::shipper::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string sink;
  std::string segment;
  std::uint64_t offset = UINT64_MAX;
  std::uint32_t limit = 20;
};

json letter_json(const std::string& sink, const DeadLetter& letter) {
  return {{"sink", sink},
          {"segment", to_text(letter.segment)},
          {"offset", letter.offset},
          {"table", letter.table},
          {"reason", letter.reason},
          {"line", letter.line}};
}

// Without what a value adds: "column price: not a number: 'x'" counts with its like.
std::string kind_of(const std::string& reason) { return reason.substr(0, reason.find(": '")); }

void print_list(const SinkConfig& sink, const LetterBox& box, std::size_t limit) {
  print(fmt::format("sink {}: {} open, {} replayed", sink.name, box.open.size(),
                    box.resolved.rows + box.resolved.filtered));
  if (box.damaged_lines > 0) print(fmt::format("  note: {} damaged lines", box.damaged_lines));
  std::map<std::string, std::uint64_t> kinds;
  for (const DeadLetter& letter : box.open) ++kinds[kind_of(letter.reason)];
  for (const auto& [kind, count] : kinds) print(fmt::format("  {:>8}  {}", count, kind));
  const std::size_t first = box.open.size() > limit ? box.open.size() - limit : 0;
  if (first > 0) print(fmt::format("  the last {} of them:", limit));
  for (std::size_t i = first; i < box.open.size(); ++i) {
    const DeadLetter& letter = box.open[i];
    print(fmt::format("  {} {:>10}  {}", to_text(letter.segment), letter.offset, letter.reason));
  }
}

int list(const Invocation& invocation, const Options& options) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  const auto sinks = pick_sinks(invocation, *config, options.sink);
  if (!sinks) return kWrongUsage;
  json letters = json::array();
  for (const SinkConfig& sink : *sinks) {
    const auto box = read_letter_box(config->sink_state(sink.name));
    if (!box) return fail(invocation, box.error().message);
    if (!invocation.as_json) print_list(sink, *box, options.limit);
    const std::size_t first =
        box->open.size() - std::min<std::size_t>(box->open.size(), options.limit);
    for (std::size_t i = first; i < box->open.size(); ++i) {
      letters.push_back(letter_json(sink.name, box->open[i]));
    }
  }
  if (invocation.as_json) {
    print(
        json{{"letters", std::move(letters)}}.dump(-1, ' ', false, json::error_handler_t::replace));
  }
  return kFine;
}

int show(const Invocation& invocation, const Options& options) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  const auto sinks = pick_sinks(invocation, *config, options.sink);
  if (!sinks) return kWrongUsage;
  bool found = false;
  for (const SinkConfig& sink : *sinks) {
    const auto box = read_letter_box(config->sink_state(sink.name));
    if (!box) return fail(invocation, box.error().message);
    for (const DeadLetter& letter : box->open) {
      if (to_text(letter.segment) != options.segment) continue;
      if (options.offset != UINT64_MAX && letter.offset != options.offset) continue;
      found = true;
      if (invocation.as_json) {
        print(letter_json(sink.name, letter).dump(-1, ' ', false, json::error_handler_t::replace));
        continue;
      }
      print(fmt::format("sink {}: segment {}, offset {}\n  {}", sink.name, options.segment,
                        letter.offset, letter.reason));
      if (!letter.table.empty()) print("  refused by table " + letter.table);
      // As JSON: a line may hold what a terminal would obey.
      print("  " + json(letter.line).dump(-1, ' ', true, json::error_handler_t::replace));
    }
  }
  return found ? kFine : fail(invocation, "no open letter is there");
}

int replay(const Invocation& invocation, const Options& options) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  const auto sinks = pick_sinks(invocation, *config, options.sink);
  if (!sinks) return kWrongUsage;
  JobRequest request;
  request.kind = JobKind::kDeadLetters;
  request.sink = options.sink;
  const auto report = run_and_watch(*config, request);
  if (!report) return fail(invocation, report.error().message);
  const JobOutcome& outcome = report->outcome;
  print(
      invocation.as_json
          ? to_json(*report)
          : fmt::format("sink {}: {} letters replayed: {} became rows, {} are wanted by no table, "
                        "{} stay{}",
                        options.sink, outcome.lines, outcome.rows,
                        outcome.restored.value_or(0) - outcome.rows, outcome.dead_lettered,
                        outcome.reason.empty() ? "" : ": " + outcome.reason));
  return outcome.dead_lettered == 0 ? kFine : kFailed;
}

}  // namespace

void add_dlq(CLI::App& app, Invocation& invocation) {
  const auto options = std::make_shared<Options>();
  CLI::App* const family =
      app.add_subcommand("dlq", "Dead letters: list, show, replay the lines that became no row");
  family->require_subcommand(1);
  CLI::App* const listed =
      add_command(*family, invocation, "list", "How many, why, and the last of them",
                  "dlq list --sink warehouse");
  listed->add_option("--sink", options->sink, "Only this one");
  listed->add_option("--limit", options->limit, "So many lines")->capture_default_str();
  listed->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return list(invocation, *options); };
  });
  CLI::App* const shown =
      add_command(*family, invocation, "show", "The letters of a segment, with their lines",
                  "dlq show --segment A0001673F3C2A00300000007 --offset 471");
  shown->add_option("--sink", options->sink, "Only this one");
  shown->add_option("--segment", options->segment, "Its name")->required();
  shown->add_option("--offset", options->offset, "Only the line there");
  shown->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return show(invocation, *options); };
  });
  CLI::App* const replayed = add_command(
      *family, invocation, "replay",
      "Decode them again with the present settings: what now fits becomes rows, the rest stays",
      "dlq replay --sink warehouse\n  Exits with 1 where letters stay.");
  replayed->add_option("--sink", options->sink, "Its name")->required();
  replayed->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return replay(invocation, *options); };
  });
}

}  // namespace pixel::shipper::cli
