// SPDX-License-Identifier: Apache-2.0
// COLD: every counter of the edge as Prometheus text. Labels are bounded: worker, response, reason.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/clock.h"
#include "base/metrics_text.h"
#include "edge/admin.h"
#include "edge/metric_tables.h"

namespace pixel::edge {
namespace {

using base::MetricsText;
using metric_tables::KeeperMetric;
using metric_tables::Kind;
using metric_tables::kKeeperMetrics;
using metric_tables::kSlotMetrics;
using metric_tables::kWorkerMetrics;
using metric_tables::SlotMetric;
using metric_tables::WorkerMetric;

std::string worker_label(std::size_t worker) { return fmt::format("worker=\"{}\"", worker); }

// One family with a second label: `counters` picks the array, `name` names its places.
template <class Counters, class Name>
void add_by_place(const AdminView& view, MetricsText& text, std::string_view label,
                  Counters counters, Name name, std::size_t first = 0) {
  for (std::size_t worker = 0; worker < view.controls->size(); ++worker) {
    const auto& places = (*view.controls)[worker]->counters.*counters;
    for (std::size_t place = first; place < places.size(); ++place) {
      text.sample(fmt::format("{},{}=\"{}\"", worker_label(worker), label, name(place)),
                  places[place].get());
    }
  }
}

void add_answers(const AdminView& view, MetricsText& text) {
  text.family("pixel_edge_requests_answered_total", Kind::kCounter, "Answers by kind.");
  add_by_place(view, text, "response", &WorkerCounters::answered,
               [](std::size_t id) { return response_name(static_cast<ResponseId>(id)); });
  text.family("pixel_edge_heads_refused_total", Kind::kCounter, "Malformed requests by reason.");
  add_by_place(
      view, text, "reason", &WorkerCounters::refused_heads,
      [](std::size_t reason) { return refusal_name(static_cast<Refusal>(reason)); }, 1);
  text.family("pixel_edge_proxy_headers_refused_total", Kind::kCounter,
              "Connections closed over their PROXY header, by reason.");
  add_by_place(
      view, text, "reason", &WorkerCounters::proxy_faults,
      [](std::size_t fault) { return proxy_fault_name(static_cast<ProxyFault>(fault)); }, 1);
  text.family("pixel_edge_records_total", Kind::kCounter,
              "Records of bodies, accepted or kept with their fault.");
  add_by_place(view, text, "fault", &WorkerCounters::records, [](std::size_t fault) {
    return fault == 0 ? std::string_view("none") : fault_code(static_cast<RecordFault>(fault));
  });
  text.family("pixel_edge_signals_total", Kind::kCounter, "Requests that carried a signal.");
  add_by_place(view, text, "signal", &WorkerCounters::signals,
               [](std::size_t bit) { return signal_text(static_cast<std::uint8_t>(1U << bit)); });
}

void add_worker_metrics(const AdminView& view, MetricsText& text) {
  for (const WorkerMetric& metric : kWorkerMetrics) {
    text.family(metric.name, metric.kind, metric.help);
    for (std::size_t worker = 0; worker < view.controls->size(); ++worker) {
      text.sample(worker_label(worker), ((*view.controls)[worker]->counters.*metric.counter).get());
    }
  }
}

// Of groups of lines that the disk took.
void add_syncs(const AdminView& view, MetricsText& text) {
  text.family("pixel_edge_sync_seconds", Kind::kHistogram,
              "From a group of lines to their sync (log.durability = \"disk\").");
  std::array<double, kSyncBoundsNs.size()> bounds{};
  std::transform(kSyncBoundsNs.begin(), kSyncBoundsNs.end(), bounds.begin(),
                 [](std::uint64_t ns) { return static_cast<double>(ns) * 1e-9; });
  for (std::size_t worker = 0; worker < view.controls->size(); ++worker) {
    const WorkerCounters& counters = (*view.controls)[worker]->counters;
    std::array<std::uint64_t, kSyncBucketCount> counts{};
    std::transform(counters.syncs.begin(), counters.syncs.end(), counts.begin(),
                   [](const Counter& counter) { return counter.get(); });
    text.histogram(worker_label(worker), bounds, counts,
                   static_cast<double>(counters.sync_ns.get()) * 1e-9);
  }
}

void add_slot_metrics(const AdminView& view, MetricsText& text) {
  const auto slots = view.page->slots();
  // Answers before lines, which are stored first: one scrape never shows more answers than lines.
  for (const SlotMetric& metric : kSlotMetrics) {
    text.family(metric.name, Kind::kCounter, metric.help);
    for (std::size_t worker = 0; worker < slots.size(); ++worker) {
      text.sample(worker_label(worker),
                  (slots[worker].*metric.value).load(std::memory_order_acquire));
    }
  }
  text.family("pixel_edge_events_total", Kind::kCounter, "Records published in the events lane.");
  const auto events = view.page->slots(logfmt::SegmentKind::kEvents);
  for (std::size_t worker = 0; worker < events.size(); ++worker) {
    text.sample(worker_label(worker), events[worker].lines.load(std::memory_order_acquire));
  }
  text.family("pixel_edge_heartbeat_age_seconds", Kind::kGauge, "Since the worker's last loop.");
  for (std::size_t worker = 0; worker < slots.size(); ++worker) {
    const std::uint64_t beat_ns = slots[worker].heartbeat_ns.load(std::memory_order_acquire);
    const std::uint64_t now_ns = base::monotonic_ns();
    text.sample(worker_label(worker),
                now_ns > beat_ns ? static_cast<double>(now_ns - beat_ns) * 1e-9 : 0.0);
  }
}

void add_keeper_metrics(const AdminView& view, MetricsText& text) {
  const KeeperStatus status = view.keeper->status();
  for (const KeeperMetric& metric : kKeeperMetrics) {
    text.family(metric.name, metric.kind, metric.help);
    text.sample("", status.*metric.value);
  }
  text.family("pixel_edge_segments_standby", Kind::kGauge, "Segments ready for the worker.");
  for (const KeeperStatus::Lane& lane : status.lanes) {
    const bool access = lane.kind == logfmt::SegmentKind::kAccess;
    text.sample(
        fmt::format("{},lane=\"{}\"", worker_label(lane.worker), access ? "access" : "events"),
        static_cast<std::uint64_t>(lane.standby_segments));
  }
}

}  // namespace

std::string metrics_text(const AdminView& view) {
  MetricsText text;
  text.family("pixel_edge_info", Kind::kGauge, "Version and backend in use; always 1.");
  text.sample(MetricsText::quote_label("version", view.version) + "," +
                  MetricsText::quote_label("backend", backend_name(view.backend)),
              std::uint64_t{1});
  text.family("pixel_edge_ready", Kind::kGauge, "1 when /readyz answers 200.");
  text.sample("", std::uint64_t{why_not_ready(view).empty() ? 1U : 0U});
  add_answers(view, text);
  add_worker_metrics(view, text);
  add_syncs(view, text);
  add_slot_metrics(view, text);
  add_keeper_metrics(view, text);
  return text.text();
}

}  // namespace pixel::edge
