// SPDX-License-Identifier: Apache-2.0
// See report.h: the scrape. COLD.
#include "base/metrics_text.h"
#include "shipper/report.h"

namespace pixel::shipper {
namespace {

using base::MetricsText;

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
  add("pixel_shipper_lag_segments", "Segments with lines that the sink does not hold.",
      [](const SinkReport& r) { return r.books.lag_segments; });
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

void delivery_metrics(MetricsText& metrics, const std::vector<SinkReport>& reports) {
  constexpr auto gauge = MetricsText::Kind::kGauge;
  constexpr auto counter = MetricsText::Kind::kCounter;
  family(metrics, reports, "pixel_shipper_delivered_rows_total", counter,
         "Lines that became rows, since the sink's first batch.",
         [](const SinkReport& r) { return r.books.delivered; });
  family(metrics, reports, "pixel_shipper_delivered_bytes_total", counter,
         "Bytes of segments delivered, since the sink's first batch.", [](const SinkReport& r) {
           return r.status.delivered == nullptr ? std::uint64_t{0} : r.status.delivered->bytes;
         });
  family(metrics, reports, "pixel_shipper_dead_letters_total", counter,
         "Letters written to the sink's dead letter file.",
         [](const SinkReport& r) { return r.status.dead_letters; });
  family(metrics, reports, "pixel_shipper_refused_rows_total", counter,
         "Rows taken out of batches because the sink refused them.",
         [](const SinkReport& r) { return r.status.rows_refused; });
  family(metrics, reports, "pixel_shipper_in_flight_batches", gauge,
         "Batches given to the sink and not answered.",
         [](const SinkReport& r) { return std::uint64_t{r.status.in_flight}; });
  family(metrics, reports, "pixel_shipper_window_batches", gauge, "So many of them may be.",
         [](const SinkReport& r) { return std::uint64_t{r.status.window}; });
  family(metrics, reports, "pixel_shipper_unresolved_intents", gauge,
         "Batches of an earlier life that may have arrived and are not sent again yet.",
         [](const SinkReport& r) { return r.status.unresolved_intents; });
  family(metrics, reports, "pixel_shipper_failures_in_a_row", gauge,
         "Attempts that failed since the last that did not.",
         [](const SinkReport& r) { return r.status.failures_in_a_row; });
}

void error_metrics(MetricsText& metrics, const std::vector<SinkReport>& reports) {
  metrics.family(
      "pixel_shipper_errors_total", MetricsText::Kind::kCounter,
      "Batches that the sink did not take at once, by class: retriable (given again as "
      "it was), split (too large), row (rows taken out), fatal (an operator is needed).");
  for (const SinkReport& report : reports) {
    const ErrorCounts& errors = report.status.errors;
    const std::string sink = MetricsText::quote_label("sink", report.name);
    const auto add = [&](std::string_view name, std::uint64_t count) {
      metrics.sample(sink + "," + MetricsText::quote_label("class", name), count);
    };
    add("retriable", errors.retriable);
    add("split", errors.split);
    add("row", errors.row);
    add("fatal", errors.fatal);
  }
}

void latency_metrics(MetricsText& metrics, const std::vector<SinkReport>& reports) {
  std::vector<double> bounds;
  for (const std::uint64_t bound_ns : LatencyHistogram::kBoundsNs) {
    bounds.push_back(static_cast<double>(bound_ns) / 1e9);
  }
  metrics.family("pixel_shipper_delivery_latency_seconds", MetricsText::Kind::kHistogram,
                 "From giving a batch to the sink to its being taken.");
  for (const SinkReport& report : reports) {
    const LatencyHistogram& latency = report.status.latency;
    metrics.histogram(MetricsText::quote_label("sink", report.name), bounds, latency.counts,
                      static_cast<double>(latency.sum_ns) / 1e9);
  }
}

void single(MetricsText& metrics, std::string_view name, MetricsText::Kind kind,
            std::string_view help, std::uint64_t value) {
  metrics.family(name, kind, help);
  metrics.sample("", value);
}

void spool_metrics(MetricsText& metrics, const ShipperState& state) {
  constexpr auto gauge = MetricsText::Kind::kGauge;
  constexpr auto counter = MetricsText::Kind::kCounter;
  const BudgetState& budget = state.budget;
  single(metrics, "pixel_shipper_spool_used_bytes", gauge,
         "What the spool takes of its disk, preallocated segments included.", budget.used_bytes);
  single(metrics, "pixel_shipper_spool_free_bytes", gauge, "Free on the spool's disk.",
         budget.free_bytes);
  single(metrics, "pixel_shipper_spool_budget_bytes", gauge, "retention.budget; 0: none.",
         budget.limits.budget_bytes);
  single(metrics, "pixel_shipper_spool_min_free_bytes", gauge, "retention.min_free; 0: none.",
         budget.limits.min_free_bytes);
  single(metrics, "pixel_shipper_spool_fullness_level", gauge,
         "0 fine, 1 from 80 % of the budget on, 2 full.", static_cast<std::uint64_t>(budget.level));
  single(metrics, "pixel_shipper_dropped_segments_total", counter,
         "Segments given up because the spool was full.", budget.dropped.segments);
  single(metrics, "pixel_shipper_dropped_lines_total", counter,
         "Lines of these segments; what each sink lacks is in its ledger as missing.",
         budget.dropped.lines);
  single(metrics, "pixel_shipper_retention_segments_total", counter,
         "Segments deleted after every sink had them.", state.retained.segments);
  single(metrics, "pixel_shipper_retention_bytes_total", counter, "Bytes of these segments.",
         state.retained.bytes);
  single(metrics, "pixel_shipper_reloads_applied_total", counter, "Settings taken while running.",
         state.reloads.applied);
  single(metrics, "pixel_shipper_reloads_refused_total", counter,
         "Settings with errors: everything went on as it was.", state.reloads.refused);
}

}  // namespace

std::string metrics_text(const ShipperState& state) {
  MetricsText metrics;
  books_metrics(metrics, state.sinks);
  counter_metrics(metrics, state.sinks);
  delivery_metrics(metrics, state.sinks);
  error_metrics(metrics, state.sinks);
  latency_metrics(metrics, state.sinks);
  spool_metrics(metrics, state);
  return metrics.text();
}

}  // namespace pixel::shipper
