// SPDX-License-Identifier: Apache-2.0
// The edge's counters by name: what admin_metrics.cc walks. COLD; constants only.
#pragma once

#include <atomic>
#include <string_view>

#include "base/metrics_text.h"
#include "edge/counters.h"
#include "edge/log/keeper_status.h"
#include "logfmt/control_page.h"

namespace pixel::edge::metric_tables {

using Kind = base::MetricsText::Kind;

struct WorkerMetric {
  std::string_view name;
  std::string_view help;
  Kind kind;
  Counter WorkerCounters::*counter;
};

inline constexpr WorkerMetric kWorkerMetrics[] = {
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
    {"pixel_edge_timeouts_body_total", "Bodies that took too long.", Kind::kCounter,
     &WorkerCounters::timeouts_body},
    {"pixel_edge_connections_over_limit_total", "Closed: limits.connections_per_address.",
     Kind::kCounter, &WorkerCounters::connections_over_limit},
    {"pixel_edge_proxy_strangers_total", "Closed: not in proxy_protocol.from.", Kind::kCounter,
     &WorkerCounters::proxy_strangers},
    {"pixel_edge_bodies_evicted_total", "Slow bodies that made place for others: 408.",
     Kind::kCounter, &WorkerCounters::bodies_evicted},
    {"pixel_edge_body_shortages_total", "Answered 503: limits.bodies_max bodies were coming in.",
     Kind::kCounter, &WorkerCounters::body_shortages},
    {"pixel_edge_redirects_refused_total", "Clicks without a target that is allowed.",
     Kind::kCounter, &WorkerCounters::redirects_refused},
    {"pixel_edge_sync_errors_total", "Groups of lines that the disk did not take.", Kind::kCounter,
     &WorkerCounters::sync_errors},
    {"pixel_edge_answers_withdrawn_total",
     "Connections' answers not given: the disk did not take their lines.", Kind::kCounter,
     &WorkerCounters::answers_withdrawn},
    {"pixel_edge_answers_held", "Answers that wait for the disk.", Kind::kGauge,
     &WorkerCounters::answers_held},
    {"pixel_edge_rules_changed_total", "Reloads that reached the worker.", Kind::kCounter,
     &WorkerCounters::rules_changed},
    {"pixel_edge_lines_dropped_total", "Answered without a line by a privacy or bot rule.",
     Kind::kCounter, &WorkerCounters::lines_dropped},
    {"pixel_edge_answers_unlogged_total", "Answers that have no line: health checks, dropped ones.",
     Kind::kCounter, &WorkerCounters::answers_unlogged},
    {"pixel_edge_bytes_received_total", "Bytes of requests.", Kind::kCounter,
     &WorkerCounters::bytes_received},
    {"pixel_edge_bytes_sent_total", "Bytes of answers given to the kernel.", Kind::kCounter,
     &WorkerCounters::bytes_sent},
    {"pixel_edge_lines_refused_total", "Requests answered 503: no place for the line.",
     Kind::kCounter, &WorkerCounters::lines_refused},
    {"pixel_edge_lines_unlogged_total", "Answers without a line (serve-and-count).", Kind::kCounter,
     &WorkerCounters::lines_unlogged},
    {"pixel_edge_events_unlogged_total", "Records of answers without a line (serve-and-count).",
     Kind::kCounter, &WorkerCounters::events_unlogged},
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

inline constexpr SlotMetric kSlotMetrics[] = {
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

inline constexpr KeeperMetric kKeeperMetrics[] = {
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

}  // namespace pixel::edge::metric_tables
