// SPDX-License-Identifier: Apache-2.0
// See report.h. COLD.
#include "shipper/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/metrics_text.h"

namespace pixel::shipper {
namespace {

using base::MetricsText;
using nlohmann::json;

json sink_json(const SinkReport& report) {
  const PipelineStatus& status = report.status;
  const Books& books = report.books;
  return {{"name", report.name},
          {"kind", report.kind},
          {"state", pipeline_state_name(status.state)},
          {"error", status.last_error},
          {"written", books.written},
          {"delivered", books.delivered},
          {"filtered", books.filtered},
          {"dead_lettered", books.dead_lettered},
          {"missing", books.missing},
          {"pending", books.pending},
          {"residue", books.residue},
          {"lag_bytes", books.lag_bytes},
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

// What an operator should see first, in the order of its weight.
std::string complaint(const json& sink) {
  std::string text;
  const auto add = [&text](const std::string& line) { text += "  " + line + "\n"; };
  const auto number = [&sink](const char* key) { return sink.value(key, std::int64_t{0}); };
  if (!sink.value("error", "").empty()) add(sink.value("error", ""));
  if (number("residue") > 0) {
    add(fmt::format("LOST: {} lines of the log are in no book of this sink", number("residue")));
  }
  if (number("residue") < 0) {
    add(
        fmt::format("TOO MANY: {} more lines taken than the log has (after a power loss: lines "
                    "that the log lost, but not the sink)",
                    -number("residue")));
  }
  if (number("missing") > 0) {
    add(fmt::format("{} lines were deleted from the log before this sink had them",
                    number("missing")));
  }
  if (number("dead_lettered") > 0) {
    add(fmt::format("{} lines are in its dead letter file", number("dead_lettered")));
  }
  return text;
}

// One family over all sinks.
template <class Value>
void family(MetricsText& metrics, const std::vector<SinkReport>& reports, std::string_view name,
            MetricsText::Kind kind, std::string_view help, Value&& value) {
  metrics.family(name, kind, help);
  for (const SinkReport& report : reports) {
    metrics.sample(MetricsText::quote_label("sink", report.name), value(report));
  }
}

void books_metrics(MetricsText& metrics, const std::vector<SinkReport>& reports) {
  constexpr auto gauge = MetricsText::Kind::kGauge;
  const auto add = [&](std::string_view name, std::string_view help, auto value) {
    family(metrics, reports, name, gauge, help, value);
  };
  add("pixel_shipper_lag_seconds", "Age of the oldest line that the sink does not hold.",
      [](const SinkReport& r) { return static_cast<std::uint64_t>(r.books.lag_seconds); });
  add("pixel_shipper_lag_bytes", "Published bytes that the sink does not hold.",
      [](const SinkReport& r) { return r.books.lag_bytes; });
  add("pixel_shipper_ledger_written_lines", "Lines that the log holds or held.",
      [](const SinkReport& r) { return r.books.written; });
  add("pixel_shipper_ledger_delivered_lines", "Lines that are rows of the sink.",
      [](const SinkReport& r) { return r.books.delivered; });
  add("pixel_shipper_ledger_filtered_lines", "Lines left out as configured.",
      [](const SinkReport& r) { return r.books.filtered; });
  add("pixel_shipper_ledger_dead_lettered_lines", "Lines in the sink's dead letter file.",
      [](const SinkReport& r) { return r.books.dead_lettered; });
  add("pixel_shipper_ledger_missing_lines", "Lines deleted before the sink had them.",
      [](const SinkReport& r) { return r.books.missing; });
  add("pixel_shipper_ledger_pending_lines", "Lines that the sink does not hold yet.",
      [](const SinkReport& r) { return r.books.pending; });
  add("pixel_shipper_ledger_residue_lines", "Not 0: a line was lost, or taken twice.",
      [](const SinkReport& r) { return static_cast<double>(r.books.residue); });
  add("pixel_shipper_sink_healthy", "1 when the last attempt was fine.",
      [](const SinkReport& r) { return std::uint64_t{r.status.state == PipelineState::kRunning}; });
}

void counter_metrics(MetricsText& metrics, const std::vector<SinkReport>& reports) {
  constexpr auto counter = MetricsText::Kind::kCounter;
  const auto add = [&](std::string_view name, std::string_view help, auto value) {
    family(metrics, reports, name, counter, help, value);
  };
  add("pixel_shipper_batches_total", "Batches that the sink took.",
      [](const SinkReport& r) { return r.status.batches; });
  add("pixel_shipper_retries_total", "Attempts that failed and were repeated.",
      [](const SinkReport& r) { return r.status.retries; });
  add("pixel_shipper_rejections_total", "Attempts that the sink refused.",
      [](const SinkReport& r) { return r.status.rejections; });
  add("pixel_shipper_read_bytes_total", "Bytes of segments read for the sink.",
      [](const SinkReport& r) { return r.status.follower.bytes_read; });
  add("pixel_shipper_read_errors_total", "Reads of segments that failed.",
      [](const SinkReport& r) { return r.status.follower.read_errors; });
  add("pixel_shipper_gone_segments_total", "Segments passed over because they were gone.",
      [](const SinkReport& r) { return r.status.follower.gone_segments; });
  add("pixel_shipper_torn_bytes_total", "Bytes of sealed segments that are no whole line.",
      [](const SinkReport& r) { return r.status.follower.torn_bytes; });
  add("pixel_shipper_beyond_end_bytes_total", "Bytes the sink had that the log then lost.",
      [](const SinkReport& r) { return r.status.follower.beyond_end_bytes; });
  add("pixel_shipper_deliver_seconds_total", "Time spent in the sink.",
      [](const SinkReport& r) { return static_cast<double>(r.status.deliver_ns) / 1e9; });
}

void add_checkpoint(json& entry, const Checkpoint& checkpoint) {
  entry["filtered"] = checkpoint.filtered;
  entry["dead_lettered"] = checkpoint.dead_lettered;
  json lanes = json::object();
  for (const auto& [lane, position] : checkpoint.lanes) {
    lanes[to_text(lane)] = {position.index, position.offset};
  }
  entry["checkpoint"] = {{"lanes", std::move(lanes)}, {"missing", checkpoint.missing}};
}

}  // namespace

std::string status_json(const std::vector<SinkReport>& reports, bool is_running) {
  json object = {{"running", is_running}, {"sinks", json::array()}};
  for (const SinkReport& report : reports) object["sinks"].push_back(sink_json(report));
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

base::Result<std::string> status_screen(std::string_view text) {
  const auto object = json::parse(text.begin(), text.end(), nullptr, false);
  const bool is_status =
      object.is_object() && object.contains("sinks") && object["sinks"].is_array();
  if (!is_status) return base::Error{"not a status"};
  std::string screen = object.value("running", false) ? "pixel-shipper is running\n"
                                                      : "no pixel-shipper is running\n";
  screen += fmt::format("{:<16} {:<9} {:>14} {:>14} {:>12} {:>11} {:>8} {:>8}\n", "sink", "state",
                        "written", "delivered", "pending", "lag bytes", "lag s", "residue");
  for (const json& sink : object["sinks"]) {
    const auto number = [&sink](const char* key) { return sink.value(key, std::int64_t{0}); };
    screen += fmt::format("{:<16} {:<9} {:>14} {:>14} {:>12} {:>11} {:>8} {:>8}\n",
                          sink.value("name", ""), sink.value("state", ""), number("written"),
                          number("delivered"), number("pending"), number("lag_bytes"),
                          number("lag_seconds"), number("residue"));
    screen += complaint(sink);
  }
  return screen;
}

std::string metrics_text(const std::vector<SinkReport>& reports,
                         const Retention::Counts& retained) {
  MetricsText metrics;
  books_metrics(metrics, reports);
  counter_metrics(metrics, reports);
  metrics.family("pixel_shipper_retention_segments_total", MetricsText::Kind::kCounter,
                 "Segments deleted after every sink had them.");
  metrics.sample("", retained.segments);
  metrics.family("pixel_shipper_retention_bytes_total", MetricsText::Kind::kCounter,
                 "Bytes of these segments.");
  metrics.sample("", retained.bytes);
  return metrics.text();
}

std::string holdings_json(const std::vector<SinkHoldings>& sinks) {
  json object = {{"sinks", json::array()}};
  for (const SinkHoldings& sink : sinks) {
    json entry = {{"name", sink.name}};
    if (!sink.holdings) {
      entry["error"] = sink.holdings.error().message;
      object["sinks"].push_back(std::move(entry));
      continue;
    }
    if (sink.checkpoint != nullptr) add_checkpoint(entry, *sink.checkpoint);
    std::uint64_t rows = 0;
    std::uint64_t distinct = 0;
    entry["segments"] = json::array();
    for (const Holding& holding : *sink.holdings) {
      rows += holding.rows;
      distinct += holding.distinct_rows;
      entry["segments"].push_back({{"segment", to_text(holding.segment)},
                                   {"rows", holding.rows},
                                   {"distinct", holding.distinct_rows}});
    }
    entry["rows"] = rows;
    entry["distinct"] = distinct;
    object["sinks"].push_back(std::move(entry));
  }
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace pixel::shipper
