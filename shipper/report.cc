// SPDX-License-Identifier: Apache-2.0
// See report.h: what is wrong, and the status as JSON. COLD.
#include "shipper/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/clock.h"

namespace pixel::shipper {
namespace {

using nlohmann::json;

constexpr std::int64_t kLateSeconds = 60;
constexpr std::size_t kNamesMax = 5;

// Something that an operator should know, and what to do about it.
struct Problem {
  Health health = Health::kFine;  // kFine: worth a word, no more.
  std::string what;
  std::string next;
};

std::string dlq_hint(const std::string& sink) {
  return fmt::format(
      "look with: pixel-shipper dlq list --sink {}; after mending the cause: "
      "pixel-shipper dlq replay --sink {}",
      sink, sink);
}

// What is lost stays in the books; a person who knows of it may end the alarm.
void add_missing(const SinkReport& report, std::vector<Problem>& problems) {
  const std::uint64_t missing = report.books.missing;
  const AcceptedLoss& accepted = report.accepted;
  const std::string what =
      fmt::format("{} lines were deleted from the log before this sink had them", missing);
  if (missing > accepted.lines) {
    problems.push_back(
        {Health::kLost, what,
         "see dropped segments below, and retention in the settings; the lines cannot be read "
         "again. When that is known and accepted: pixel-shipper audit --sink " +
             report.name + " --accept-loss REASON"});
    return;
  }
  problems.push_back({Health::kFine,
                      fmt::format("{}; accepted at {}: {}", what,
                                  base::format_iso8601(accepted.accepted_at), accepted.reason),
                      ""});
}

void add_books_problems(const SinkReport& report, std::vector<Problem>& problems) {
  const Books& books = report.books;
  const std::string audit = "name the segments with: pixel-shipper audit --sink " + report.name;
  if (books.residue > 0) {
    problems.push_back(
        {Health::kLost,
         fmt::format("{} lines of the log are in no book of this sink", books.residue),
         audit + ", and restore the rows with: --repair"});
  }
  if (books.residue < 0) {
    problems.push_back({Health::kLost,
                        fmt::format("{} more lines taken than the log has (after a power loss: "
                                    "lines that the log lost, but not the sink)",
                                    -books.residue),
                        audit});
  }
  if (books.missing > 0) add_missing(report, problems);
  if (books.dead_lettered > 0) {
    problems.push_back({Health::kFine,
                        fmt::format("{} lines are in its dead letter file", books.dead_lettered),
                        dlq_hint(report.name)});
  }
}

void add_state_problems(const SinkReport& report, std::vector<Problem>& problems) {
  const PipelineStatus& status = report.status;
  const std::string& error = status.last_error;
  const auto add = [&](const std::string& what, std::string next) {
    problems.push_back({Health::kUnwell, error.empty() ? what : what + ": " + error, next});
  };
  switch (status.state) {
    case PipelineState::kOpening:
      if (error.empty()) return;
      return add("cannot be opened",
                 "mend what the error says; it is tried again by itself, and "
                 "the log waits. Ask the sink: pixel-shipper check --reach");
    case PipelineState::kRetrying:
      return add("does not take what it is given",
                 std::string(report.books.missing == 0 ? "nothing is lost: " : "") +
                     "the log waits, and it is tried again by itself. Ask the sink: "
                     "pixel-shipper check --reach");
    case PipelineState::kRejected:
      return add("refuses a batch",
                 "nothing is skipped: mend the schema or the settings, then reload (SIGHUP)");
    case PipelineState::kUnresolved:
      return add("cannot send again what may have arrived",
                 "look with: pixel-shipper journal show --sink " + report.name +
                     "; give it up (lines may then arrive twice) with: pixel-shipper journal "
                     "discard --sink " +
                     report.name);
    case PipelineState::kFailed:
      return add("gave up", "mend the cause and run again");
    case PipelineState::kRunning:
    case PipelineState::kStopped:
      if (!error.empty()) add("cannot read the spool", "mend what the error says");
      return;
  }
}

std::vector<Problem> problems_of(const SinkReport& report, bool is_running) {
  std::vector<Problem> problems;
  if (!report.has_job) add_state_problems(report, problems);
  add_books_problems(report, problems);
  const Books& books = report.books;
  if (books.pending == 0) return problems;
  if (!is_running) {
    problems.push_back({Health::kLate,
                        fmt::format("{} lines wait, and no shipper runs", books.pending),
                        "start it: systemctl start pixel-shipper"});
  } else if (books.lag_seconds > kLateSeconds) {
    problems.push_back(
        {Health::kLate,
         fmt::format("{} lines wait, the oldest for {} s", books.pending, books.lag_seconds),
         report.status.last_error.empty()
             ? "it is catching up where pending falls; else give it more: larger "
               "batches, a faster disk, a faster sink"
             : ""});
  }
  return problems;
}

std::string sink_state_name(const SinkReport& report) {
  return report.has_job ? "replaying" : std::string(pipeline_state_name(report.status.state));
}

Health worst(const std::vector<Problem>& problems) {
  Health health = Health::kFine;
  for (const Problem& problem : problems) health = std::max(health, problem.health);
  return health;
}

json problems_json(const std::vector<Problem>& problems) {
  json list = json::array();
  for (const Problem& problem : problems) {
    list.push_back(
        {{"verdict", health_name(problem.health)}, {"what", problem.what}, {"next", problem.next}});
  }
  return list;
}

json sink_json(const SinkReport& report, const std::vector<Problem>& problems) {
  const PipelineStatus& status = report.status;
  const Books& books = report.books;
  return {{"name", report.name},
          {"kind", report.kind},
          {"state", sink_state_name(report)},
          {"verdict", health_name(worst(problems))},
          {"problems", problems_json(problems)},
          {"error", status.last_error},
          {"written", books.written},
          {"delivered", books.delivered},
          {"filtered", books.filtered},
          {"dead_lettered", books.dead_lettered},
          {"missing", books.missing},
          {"missing_accepted", std::min(report.accepted.lines, books.missing)},
          {"pending", books.pending},
          {"residue", books.residue},
          {"lag_bytes", books.lag_bytes},
          {"lag_segments", books.lag_segments},
          {"lag_seconds", books.lag_seconds},
          {"batches", status.batches},
          {"retries", status.retries},
          {"rejections", status.rejections},
          {"in_flight", status.in_flight},
          {"window", status.window},
          {"splits", status.splits},
          {"rows_refused", status.rows_refused},
          {"unresolved_intents", status.unresolved_intents},
          {"gone_segments", status.follower.gone_segments},
          {"torn_bytes", status.follower.torn_bytes},
          {"beyond_end_bytes", status.follower.beyond_end_bytes},
          {"read_errors", status.follower.read_errors}};
}

std::vector<Problem> spool_problems(const BudgetState& budget) {
  std::vector<Problem> problems;
  const std::string mend = "make room, mend the sink that lags, or remove it from the settings";
  if (budget.level == BudgetLevel::kHigh) {
    problems.push_back({Health::kFine, "the spool is nearly full", mend});
  }
  if (budget.level == BudgetLevel::kFull) {
    problems.push_back({Health::kUnwell,
                        budget.drops_at == 0
                            ? "the spool is full; nothing is given up"
                            : "the spool is full; from " + base::format_iso8601(budget.drops_at) +
                                  " on its oldest segments are given up",
                        mend});
  }
  const auto& last = budget.dropped.last;
  if (budget.dropped.segments == 0) return problems;
  std::string names;
  const std::size_t first = last.size() > kNamesMax ? last.size() - kNamesMax : 0;
  for (std::size_t i = first; i < last.size(); ++i) names += " " + to_text(last[i].segment);
  problems.push_back({Health::kFine,
                      fmt::format("{} segments with {} lines were given up when it was full; the "
                                  "last:{}",
                                  budget.dropped.segments, budget.dropped.lines, names),
                      "all names are in dropped.0 of the state path"});
  return problems;
}

json spool_json(const BudgetState& budget, const std::vector<Problem>& problems) {
  return {{"level", budget_level_name(budget.level)},
          {"problems", problems_json(problems)},
          {"used_bytes", budget.used_bytes},
          {"free_bytes", budget.free_bytes},
          {"budget_bytes", budget.limits.budget_bytes},
          {"min_free_bytes", budget.limits.min_free_bytes},
          {"drops_at", budget.drops_at},
          {"dropped_segments", budget.dropped.segments},
          {"dropped_lines", budget.dropped.lines}};
}

// "late: sink lake: 5 lines wait": all problems of the heaviest kind.
std::string summary_of(Health health, const std::vector<std::pair<std::string, Problem>>& all,
                       bool is_running) {
  std::string text;
  for (const auto& [where, problem] : all) {
    if (problem.health != health || health == Health::kFine) continue;
    text += (text.empty() ? "" : "; ") + where + ": " + problem.what;
  }
  if (!text.empty()) return text;
  return is_running ? "nothing is lost, nothing is late"
                    : "nothing is lost, nothing waits; no shipper runs";
}

}  // namespace

std::string_view health_name(Health health) noexcept {
  constexpr std::string_view kNames[] = {"fine", "late", "unwell", "lost"};
  return kNames[static_cast<std::size_t>(health)];
}

std::string status_json(const ShipperState& state) {
  std::vector<std::pair<std::string, Problem>> all;
  json sinks = json::array();
  for (const SinkReport& report : state.sinks) {
    const auto problems = problems_of(report, state.is_running);
    for (const Problem& problem : problems) all.emplace_back("sink " + report.name, problem);
    sinks.push_back(sink_json(report, problems));
  }
  const auto of_spool = spool_problems(state.budget);
  for (const Problem& problem : of_spool) all.emplace_back("spool", problem);
  Health health = Health::kFine;
  for (const auto& [where, problem] : all) health = std::max(health, problem.health);
  json object = {{"verdict", health_name(health)},
                 {"summary", summary_of(health, all, state.is_running)},
                 {"running", state.is_running},
                 {"spool", spool_json(state.budget, of_spool)},
                 {"reloads_applied", state.reloads.applied},
                 {"reloads_refused", state.reloads.refused},
                 {"sinks", std::move(sinks)}};
  if (state.job.number > 0) object["job"] = json::parse(to_json(state.job));
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool is_fine(std::string_view text) {
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  return object.is_object() && object.value("verdict", "") == "fine";
}

}  // namespace pixel::shipper
