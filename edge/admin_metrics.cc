// SPDX-License-Identifier: Apache-2.0
// COLD: every counter of the edge as Prometheus text. Labels are bounded: worker, response, reason.
#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/clock.h"
#include "base/metrics_text.h"
#include "edge/admin.h"

namespace pixel::edge {
namespace {

using base::MetricsText;
using Kind = base::MetricsText::Kind;

// By ResponseId.
constexpr std::array<std::string_view, kResponseCount> kResponseNames{"pixel",
                                                                      "bad_request",
                                                                      "not_found",
                                                                      "method_not_allowed",
                                                                      "request_timeout",
                                                                      "uri_too_long",
                                                                      "headers_too_large",
                                                                      "not_implemented",
                                                                      "service_unavailable",
                                                                      "version_not_supported"};

struct WorkerMetric {
  std::string_view name;
  std::string_view help;
  Kind kind;
  Counter WorkerCounters::*counter;
};

constexpr WorkerMetric kWorkerMetrics[] = {
    {"pixel_edge_connections_accepted_total", "Connections accepted.", Kind::kCounter,
     &WorkerCounters::connections_accepted},
    {"pixel_edge_connections_open", "Connections open now.", Kind::kGauge,
     &WorkerCounters::connections_open},
    {"pixel_edge_connections_refused_total", "Accepted and closed at once: every slot was taken.",
     Kind::kCounter, &WorkerCounters::connections_refused},
    {"pixel_edge_accept_errors_total", "Failed accepts (descriptors, memory).", Kind::kCounter,
     &WorkerCounters::accept_errors},
    {"pixel_edge_accept_paused_total", "Times that accepting had to wait.", Kind::kCounter,
     &WorkerCounters::accept_paused},
    {"pixel_edge_receive_buffer_shortages_total", "Receives ended for want of a buffer.",
     Kind::kCounter, &WorkerCounters::receive_buffer_shortages},
    {"pixel_edge_receive_errors_total", "Resets and other failed receives.", Kind::kCounter,
     &WorkerCounters::receive_errors},
    {"pixel_edge_send_errors_total", "Peers gone with an answer under way.", Kind::kCounter,
     &WorkerCounters::send_errors},
    {"pixel_edge_send_tails_total", "Short sends whose rest went out later.", Kind::kCounter,
     &WorkerCounters::send_tails},
    {"pixel_edge_slow_reader_closes_total", "Connections closed over unsent bytes.", Kind::kCounter,
     &WorkerCounters::slow_reader_closes},
    {"pixel_edge_timeouts_header_total", "Heads that took too long.", Kind::kCounter,
     &WorkerCounters::timeouts_header},
    {"pixel_edge_timeouts_idle_total", "Idle connections closed.", Kind::kCounter,
     &WorkerCounters::timeouts_idle},
    {"pixel_edge_timeouts_send_total", "Answers that were not taken in time.", Kind::kCounter,
     &WorkerCounters::timeouts_send},
    {"pixel_edge_bytes_received_total", "Bytes of requests.", Kind::kCounter,
     &WorkerCounters::bytes_received},
    {"pixel_edge_bytes_sent_total", "Bytes of answers given to the kernel.", Kind::kCounter,
     &WorkerCounters::bytes_sent},
    {"pixel_edge_lines_refused_total", "Requests answered 503: no place for the line.",
     Kind::kCounter, &WorkerCounters::lines_refused},
    {"pixel_edge_lines_unlogged_total", "Answers without a line (serve-and-count).", Kind::kCounter,
     &WorkerCounters::lines_unlogged},
    {"pixel_edge_loops_total", "Turns of the event loop.", Kind::kCounter, &WorkerCounters::loops},
    {"pixel_edge_completions_total", "Completions handled.", Kind::kCounter,
     &WorkerCounters::completions},
    {"pixel_edge_completion_overflows_total", "Times that the completion queue was full.",
     Kind::kCounter, &WorkerCounters::completion_overflows},
    {"pixel_edge_stale_completions_total", "Completions for connections that were gone.",
     Kind::kCounter, &WorkerCounters::stale_completions},
};

struct SlotMetric {
  std::string_view name;
  std::string_view help;
  std::atomic<std::uint64_t> logfmt::ControlSlot::*value;
};

constexpr SlotMetric kSlotMetrics[] = {
    {"pixel_edge_answers_total", "Answers given to the kernel after their lines.",
     &logfmt::ControlSlot::answers},
    {"pixel_edge_lines_total", "Lines published.", &logfmt::ControlSlot::lines},
};

struct KeeperMetric {
  std::string_view name;
  std::string_view help;
  Kind kind;
  std::uint64_t KeeperStatus::*value;
};

constexpr KeeperMetric kKeeperMetrics[] = {
    {"pixel_edge_segments_created_total", "Standby segments made.", Kind::kCounter,
     &KeeperStatus::created_segments},
    {"pixel_edge_segments_sealed_total", "Segments sealed.", Kind::kCounter,
     &KeeperStatus::sealed_segments},
    {"pixel_edge_segment_sealed_bytes_total", "Bytes of sealed segments.", Kind::kCounter,
     &KeeperStatus::sealed_bytes},
    {"pixel_edge_segment_sealed_lines_total", "Lines of sealed segments.", Kind::kCounter,
     &KeeperStatus::sealed_lines},
    {"pixel_edge_segments_discarded_total", "Segments without lines, removed.", Kind::kCounter,
     &KeeperStatus::discarded_segments},
    {"pixel_edge_segments_unsealed", "Finished segments waiting to be sealed.", Kind::kGauge,
     &KeeperStatus::unsealed_segments},
    {"pixel_edge_segments_abandoned_total", "Segments left to the next start.", Kind::kCounter,
     &KeeperStatus::abandoned_segments},
    {"pixel_edge_seal_errors_total", "Failed attempts to seal.", Kind::kCounter,
     &KeeperStatus::seal_errors},
    {"pixel_edge_allocate_errors_total", "Failed attempts to make a segment.", Kind::kCounter,
     &KeeperStatus::allocate_errors},
    {"pixel_edge_pretouch_errors_total", "Failed attempts to touch pages ahead.", Kind::kCounter,
     &KeeperStatus::pretouch_errors},
    {"pixel_edge_keeper_passes_total", "Turns of the keeper's loop.", Kind::kCounter,
     &KeeperStatus::passes},
    {"pixel_edge_spool_free_bytes", "Free bytes of the spool's file system.", Kind::kGauge,
     &KeeperStatus::free_bytes},
};

std::string worker_label(std::size_t worker) { return fmt::format("worker=\"{}\"", worker); }

void add_answers(const AdminView& view, MetricsText& text) {
  text.family("pixel_edge_requests_answered_total", Kind::kCounter, "Answers by kind.");
  for (std::size_t worker = 0; worker < view.controls->size(); ++worker) {
    for (std::size_t id = 0; id < kResponseCount; ++id) {
      text.sample(fmt::format("{},response=\"{}\"", worker_label(worker), kResponseNames[id]),
                  (*view.controls)[worker]->counters.answered[id].get());
    }
  }
  text.family("pixel_edge_heads_refused_total", Kind::kCounter, "Malformed requests by reason.");
  for (std::size_t worker = 0; worker < view.controls->size(); ++worker) {
    for (std::size_t reason = 1; reason < kRefusalCount; ++reason) {
      text.sample(fmt::format("{},reason=\"{}\"", worker_label(worker),
                              refusal_name(static_cast<Refusal>(reason))),
                  (*view.controls)[worker]->counters.refused_heads[reason].get());
    }
  }
}

void add_worker_metrics(const AdminView& view, MetricsText& text) {
  for (const WorkerMetric& metric : kWorkerMetrics) {
    text.family(metric.name, metric.kind, metric.help);
    for (std::size_t worker = 0; worker < view.controls->size(); ++worker) {
      text.sample(worker_label(worker), ((*view.controls)[worker]->counters.*metric.counter).get());
    }
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
  for (std::size_t worker = 0; worker < status.lanes.size(); ++worker) {
    text.sample(worker_label(worker),
                static_cast<std::uint64_t>(status.lanes[worker].standby_segments));
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
  add_slot_metrics(view, text);
  add_keeper_metrics(view, text);
  return text.text();
}

}  // namespace pixel::edge
