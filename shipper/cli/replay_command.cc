// SPDX-License-Identifier: Apache-2.0
// pixel-shipper replay and backfill: give retained segments to a sink again; what it has stays as
// it is. COLD.
#include <fmt/format.h>

#include "shipper/cli/job_client.h"

namespace pixel::shipper::cli {
namespace {

struct Options {
  std::string sink;
  std::string table;
  std::string from;
  std::string to;
  std::vector<std::string> segments;
};

int replay(const Invocation& invocation, const Options& options) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  if (!pick_sinks(invocation, *config, options.sink)) return kWrongUsage;
  JobRequest request;
  request.sink = options.sink;
  request.table = options.table;
  if (!options.from.empty()) request.selection.from_s = parse_time(options.from, unix_now());
  if (!options.to.empty()) request.selection.to_s = parse_time(options.to, unix_now());
  const auto& [from_s, to_s, none] = request.selection;
  if (from_s && to_s && *from_s >= *to_s) {
    fail(invocation, "--from is not before --to");
    return kWrongUsage;
  }
  for (const std::string& name : options.segments) {
    const auto segment = logfmt::parse_segment(name);
    if (!segment) {
      fail(invocation, name + " names no segment: expected one such as A0001673F3C2A00300000007");
      return kWrongUsage;
    }
    request.selection.segments.push_back(*segment);
  }
  const auto report = run_and_watch(*config, request);
  if (!report) return fail(invocation, report.error().message);
  print(invocation.as_json ? to_json(*report) : describe(*report));
  const JobOutcome& outcome = report->outcome;
  return outcome.gone.empty() && outcome.rejected_rows == 0 ? kFine : kFailed;
}

void add_selection(CLI::App* command, Invocation& invocation,
                   const std::shared_ptr<Options>& options) {
  command->add_option("--sink", options->sink, "Its name")->required();
  const CLI::Validator time(check_time, "TIME");
  command->add_option("--from", options->from, "Segments with lines at or after this time")
      ->check(time);
  command->add_option("--to", options->to, "... and before this one")->check(time);
  command->add_option("--segment", options->segments, "Only this one; may be repeated");
  command->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return replay(invocation, *options); };
  });
}

}  // namespace

void add_replay(CLI::App& app, Invocation& invocation) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      add_command(app, invocation, "replay",
                  "Give retained segments to a sink again: it takes only the rows that it lacks",
                  "replay --sink lake --from 2026-11-20T18:00:00Z --to 2026-11-20T20:00:00Z\n"
                  "Times: 2026-11-20T18:00:00Z, 2026-11-20, Unix seconds, or 2h (ago). Whole\n"
                  "segments are read: what a time only touches comes along. Lines that the sink\n"
                  "has not come to yet are left to the usual delivery.");
  add_selection(command, invocation, options);
}

void add_backfill(CLI::App& app, Invocation& invocation) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(
      app, invocation, "backfill", "Fill a table that was added to a sink from retained segments",
      "backfill --sink warehouse --table clicks --from 7d\n"
      "A new sink needs none: it begins with the oldest segment that is there.");
  command->add_option("--table", options->table, "Rows of this table")->required();
  add_selection(command, invocation, options);
}

}  // namespace pixel::shipper::cli
