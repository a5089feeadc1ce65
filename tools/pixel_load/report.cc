// SPDX-License-Identifier: Apache-2.0
// COLD: see report.h.
#include "tools/pixel_load/report.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

namespace pixel::load {
namespace {

struct Percentile {
  const char* label;
  const char* json_name;
  double percent;
};
constexpr std::array<Percentile, 5> kPercentiles{{{"p50", "p50", 50},
                                                  {"p90", "p90", 90},
                                                  {"p99", "p99", 99},
                                                  {"p99.9", "p99_9", 99.9},
                                                  {"p99.99", "p99_99", 99.99}}};

double us(std::uint64_t ns) { return static_cast<double>(ns) / 1000; }

double cpu_us_per_answer(const RunResult& result) {
  const std::uint64_t answered = result.counts->answered.get();
  return answered == 0 ? 0 : result.cpu_seconds * 1e6 / static_cast<double>(answered);
}

std::string class_list(const Counts& counts) {
  std::string text;
  for (std::size_t i = 2; i < counts.by_class.size(); ++i) {
    const std::uint64_t count = counts.by_class[i].get();
    if (count > 0) text += fmt::format("  {}xx {}", i, count);
  }
  return text;
}

// Counts of what went wrong, those that are not 0.
std::string trouble_lines(const Counts& counts) {
  std::string text;
  for (const CountName& entry : kCountNames) {
    const std::string_view name = entry.name;
    const bool is_trouble = name == "connect_errors" || name == "connections_lost" ||
                            name == "timeouts" || name == "unanswered" || name == "malformed" ||
                            name == "missed";
    const std::uint64_t count = (counts.*entry.count).get();
    if (is_trouble && count > 0) text += fmt::format("  {:<18} {}\n", name, count);
  }
  return text;
}

nlohmann::ordered_json to_object(const Histogram& values) {
  nlohmann::ordered_json object;
  object["min"] = us(values.min());
  object["mean"] = values.mean() / 1000;
  for (const Percentile& p : kPercentiles) object[p.json_name] = us(values.percentile(p.percent));
  object["max"] = us(values.max());
  return object;
}

}  // namespace

std::string to_table(const Plan& plan, const RunResult& result) {
  const Counts& counts = *result.counts;
  const Options& options = plan.options;
  std::string text = fmt::format("{} connections, {} threads, {}, {}\n", options.connections,
                                 plan.threads, options.io,
                                 options.rate > 0 ? fmt::format("open loop at {}/s", options.rate)
                                                  : std::string("closed loop"));
  text += fmt::format("  sent               {}\n", counts.sent.get());
  text += fmt::format("  answered           {} {}\n", counts.answered.get(), class_list(counts));
  text +=
      fmt::format("  rate               {:.0f}/s over {:.2f} s\n", result.rate(), result.seconds);
  text += fmt::format("  own CPU            {:.2f} us per answer\n", cpu_us_per_answer(result));
  text += trouble_lines(counts);
  text += "  latency (us)      ";
  for (const Percentile& p : kPercentiles) {
    text += fmt::format(" {} {:.0f} ", p.label, us(result.latency.percentile(p.percent)));
  }
  text += fmt::format(" max {:.0f}\n", us(result.latency.max()));
  if (!result.error.empty()) text += "  error              " + result.error + '\n';
  return text;
}

std::string to_json(const Plan& plan, const RunResult& result) {
  const Counts& counts = *result.counts;
  const Options& options = plan.options;
  nlohmann::ordered_json object;
  object["rate"] = result.rate();
  object["seconds"] = result.seconds;
  for (const CountName& entry : kCountNames) object[entry.name] = (counts.*entry.count).get();
  for (std::size_t i = 2; i < counts.by_class.size(); ++i) {
    object["answered_by_class"][fmt::format("{}xx", i)] = counts.by_class[i].get();
  }
  object["latency_us"] = to_object(result.latency);
  object["send_delay_us"] = to_object(result.send_delay);
  object["cpu_us_per_answer"] = cpu_us_per_answer(result);
  object["connections"] = options.connections;
  object["threads"] = plan.threads;
  object["pipeline"] = options.pipeline;
  object["intended_rate"] = options.rate;
  object["io"] = options.io;
  object["interrupted"] = result.interrupted;
  object["error"] = result.error;
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace pixel::load
