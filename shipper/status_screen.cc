// SPDX-License-Identifier: Apache-2.0
// See report.h: the status for a person. COLD.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/units.h"
#include "shipper/report.h"

namespace pixel::shipper {
namespace {

using nlohmann::json;

std::int64_t number(const json& object, const char* key) {
  return object.value(key, std::int64_t{0});
}

// Short enough for a column: "1.5G".
std::string short_bytes(std::int64_t bytes) {
  constexpr std::string_view kUnits = "BKMGT";
  auto scaled = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; scaled >= 1024 && unit + 1 < kUnits.size(); ++unit) scaled /= 1024;
  return unit == 0 ? fmt::format("{}B", bytes) : fmt::format("{:.1f}{}", scaled, kUnits[unit]);
}

std::string short_seconds(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 7200) return fmt::format("{}m", seconds / 60);
  if (seconds < 172'800) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86'400);
}

std::string problem_lines(const json& owner) {
  std::string text;
  for (const json& problem : owner.value("problems", json::array())) {
    const std::string verdict = problem.value("verdict", "");
    const std::string word = verdict == "fine" ? "note" : verdict;
    text += fmt::format("  {}: {}\n", word == "lost" ? "LOST" : word, problem.value("what", ""));
    const std::string next = problem.value("next", "");
    if (!next.empty()) text += fmt::format("    next: {}\n", next);
  }
  return text;
}

std::string spool_line(const json& spool) {
  const std::int64_t budget = number(spool, "budget_bytes");
  std::string text = "spool: " + short_bytes(number(spool, "used_bytes")) + " used";
  if (budget > 0) {
    text += fmt::format(" of {} ({} %)", short_bytes(budget),
                        number(spool, "used_bytes") * 100 / budget);
  }
  text += ", " + short_bytes(number(spool, "free_bytes")) + " free on its disk\n";
  return text + problem_lines(spool);
}

std::string job_line(const json& job) {
  const std::string state = job.value("state", "");
  std::string text = fmt::format("job {}: {} of sink {}: {}", number(job, "job"),
                                 job.value("kind", ""), job.value("sink", ""), state);
  if (state == "running") {
    text += fmt::format(", {} of {}", short_bytes(number(job, "bytes_done")),
                        short_bytes(number(job, "bytes_total")));
  }
  const std::string error = job.value("error", "");
  return text + (error.empty() ? "" : ": " + error) + "\n";
}

}  // namespace

base::Result<std::string> status_screen(std::string_view text) {
  const auto object = json::parse(text.begin(), text.end(), nullptr, false);
  const bool is_status =
      object.is_object() && object.contains("sinks") && object["sinks"].is_array();
  if (!is_status) return base::Error{"not a status"};
  const std::string verdict = object.value("verdict", "");
  std::string screen =
      fmt::format("{}: {}\n", verdict == "lost" ? "LOST" : verdict, object.value("summary", ""));
  screen += object.value("running", false) ? "pixel-shipper is running\n"
                                           : "no pixel-shipper is running\n";
  screen += spool_line(object.value("spool", json::object()));
  if (object.contains("job")) screen += job_line(object["job"]);
  screen +=
      fmt::format("\n{:<16} {:<9} {:>13} {:>11} {:>6} {:>8} {:>5} {:>7} {:>8}\n", "sink", "state",
                  "delivered", "pending", "late", "bytes", "segs", "dead", "retries");
  for (const json& sink : object["sinks"]) {
    screen += fmt::format(
        "{:<16} {:<9} {:>13} {:>11} {:>6} {:>8} {:>5} {:>7} {:>8}\n", sink.value("name", ""),
        sink.value("state", ""), number(sink, "delivered"), number(sink, "pending"),
        short_seconds(number(sink, "lag_seconds")), short_bytes(number(sink, "lag_bytes")),
        number(sink, "lag_segments"), number(sink, "dead_lettered"), number(sink, "retries"));
    screen += problem_lines(sink);
  }
  return screen;
}

}  // namespace pixel::shipper
