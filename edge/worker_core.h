// SPDX-License-Identifier: Apache-2.0
// WorkerCore: the state machine of one worker over a Ring. HOT. One thread; owns its connections,
// buffers and segment; after construction nothing allocates.
//
// A loop: enter the ring -> handle completions (parse, log, collect answers) -> publish the lines
// -> queue the answers. The next enter submits them: a line is in the file before its answer is
// visible to the kernel. The members are defined in dispatch.h (hot), dispatch_requests.h (what is
// not a plain GET), dispatch_bodies.h, dispatch_disk.h (answers that wait for the disk),
// dispatch_errors.h and life.h (cold); worker.cc instantiates them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/cacheline.h"
#include "edge/body_block.h"
#include "edge/client/address_counts.h"
#include "edge/client/proxy_header.h"
#include "edge/client/text_table.h"
#include "edge/composed_answers.h"
#include "edge/exchange.h"
#include "edge/log/disk_lane.h"
#include "edge/log/segment_writer.h"
#include "edge/net/connection.h"
#include "edge/net/operations.h"
#include "edge/net/ring.h"
#include "edge/net/timer_wheel.h"
#include "edge/output_arena.h"
#include "edge/wait_policy.h"
#include "edge/worker.h"
#include "logfmt/line_encode.h"

namespace pixel::edge {

namespace detail {
/// Why a request was answered otherwise than its sender hoped; the field is ours.
inline constexpr std::string_view kErrorHeader = "X-Pixel-Error";
/// Between one lot of connections whose deadline has come and the next, at least.
inline constexpr std::uint64_t kEndsPauseNs = 200'000;
/// So many new header blocks in a row, and a connection's are no longer remembered.
inline constexpr std::uint8_t kNewHeadsMax = 5;
/// Between an attempt to write what the disk did not take and the next.
inline constexpr std::uint64_t kDiskRetryNs = 100'000'000;
/// A line grows to at most three times its head, and its other fields are short.
inline std::size_t line_scratch_bytes(const ParseLimits& limits) noexcept {
  return 3 * std::size_t{limits.head_bytes} + 4'096;
}
/// What is kept of a head, or of a PROXY header, that is not whole yet; two receives fit behind it.
inline std::uint32_t partial_block_bytes(const ParseLimits& limits) noexcept {
  return std::max(limits.head_bytes, kProxyHeaderBytesMax) + 2 * kReceiveBufferBytes;
}
/// A head and a body of any length that is accepted.
inline std::uint32_t body_block_bytes(const WorkerOptions& options) noexcept {
  const std::uint32_t bytes = static_cast<std::uint32_t>(sizeof(BodyBlock)) +
                              options.limits.head_bytes + options.body_bytes_max +
                              kReceiveBufferBytes;
  return (bytes + alignof(BodyBlock) - 1) / alignof(BodyBlock) * alignof(BodyBlock);
}
}  // namespace detail

// Aligned as everything that one worker writes: no line of it is another worker's.
template <Ring R>
class alignas(base::kFalseSharingBytes) WorkerCore {
 public:
  /// COLD: allocates everything. All references outlive the core.
  WorkerCore(const WorkerOptions& options, WorkerControl& control, R& ring);

  /// Serves until drained; see WorkerControl::drain.
  void run();

  /// Arms the listeners: REQUIRES once, before the first step. run() does it.
  void begin();
  /// One loop. False once the drain is over and the segment given away.
  bool step();

  /// COLD: calls visit(begin, bytes) for each piece of memory that serving a request writes to,
  /// segments and the kernel's rings left out. For the test that no two workers share a line.
  template <class Visit>
  void visit_written(Visit&& visit) {
    visit(this, sizeof *this);
    visit(&counters_, sizeof counters_);
    visit(options_.slot, sizeof *options_.slot);
    visit(options_.supply, sizeof *options_.supply);
    visit(line_scratch_.get(), detail::line_scratch_bytes(options_.limits));
    visit(next_held_.get(), options_.receive_buffers * sizeof(std::uint16_t));
    visit(held_bytes_.get(), options_.receive_buffers * sizeof(std::uint32_t));
    connections_.for_each_open([&](Connection& each) { visit(&each, sizeof each); });
  }

  std::uint32_t open_connections() const noexcept { return connections_.open_count(); }
  /// Of heads, bodies and unsent answers.
  std::uint32_t blocks_taken() const noexcept {
    return partials_.taken_count() + bodies_.taken_count() + tails_.taken_count();
  }
  /// Connections whose last header block is remembered.
  std::uint32_t memories_taken() const noexcept { return memories_.taken_count(); }

 private:
  /// The lines that are written by one sync, and the answers that wait for it. All but the totals
  /// is of the group under way.
  struct Group {
    bool open = false;    // Is being written.
    bool failed = false;  // The disk has not taken it: it is written again and again.
    bool has_lines = false;
    std::uint32_t writes = 0;    // Under way.
    int error = 0;               // errno of one that failed.
    std::uint64_t begun_ns = 0;  // This attempt.
    std::uint64_t retry_at_ns = 0;
    std::uint64_t answered_lines = 0;   // As answered_lines_ was when it was closed.
    std::uint64_t withdrawn_lines = 0;  // In all: answers that were not given after all.
    std::uint64_t number = 0;           // Groups so far whose answers were held, ...
    std::uint64_t sent_number = 0;      // ... and sent.
  };

  struct Listener {
    int fd;
    bool expects_proxy;
    bool armed = false;
    bool swept = false;             // In the drain: its backlog was looked at once more.
    std::uint64_t retry_at_ns = 0;  // After an error: 0 when none.
  };

  // dispatch.h: from a completion to answers.
  void dispatch(const io_uring_cqe& completion);
  void prefetch(const io_uring_cqe& completion, Ahead ahead) const noexcept;
  void on_accepted(std::uint32_t listener, int fd);
  void on_receive(Connection& connection, const io_uring_cqe& completion);
  void take_input(Connection& connection, std::uint16_t buffer, std::uint32_t bytes);
  void parse_buffer(Connection& connection, std::uint16_t buffer, std::uint32_t bytes);
  void continue_partial(Connection& connection, std::string_view more);
  std::uint32_t parse_all(Connection& connection, std::string_view bytes);
  void serve(Connection& connection, const RequestView& request, std::string_view body,
             std::uint64_t request_bytes);
  bool may_stay(Connection& connection);
  bool describe_client(const Connection& connection, Exchange& exchange);
  Persistence persistence_of(const RequestView& request) const noexcept;
  void answer(Connection& connection, Exchange& exchange, std::size_t response_index,
              Persistence persistence);
  bool log_line(const Connection& connection, const Exchange& exchange, const Response& response);
  static bool extends_run(const Output& output, const Response& response) noexcept;
  void keep_partial(Connection& connection, std::string_view rest);
  void flush_outputs();
  [[gnu::always_inline]] void send_output(Connection& connection, const Output& output,
                                          bool end_follows);
  void arm_receive(Connection& connection);
  void arm_accept(std::uint32_t listener);
  bool may_parse(const Connection& connection) const noexcept;
  HeadMemory* memory_of(const Connection& connection) const noexcept;

  // dispatch_requests.h: all requests that are not a plain GET of something prebuilt.
  void describe_forwarded(Exchange& exchange);
  bool identify(const Connection& connection, Exchange& exchange, bool reads_headers, bool judges);
  bool judge(Exchange& exchange, const IpAddress& address);
  void serve_other(Connection& connection, Exchange& exchange, Persistence persistence);
  void serve_post(Connection& connection, Exchange& exchange, Persistence persistence);
  void serve_preflight(Connection& connection, Exchange& exchange, Persistence persistence);
  void serve_redirect(Connection& connection, Exchange& exchange, Persistence persistence);
  void serve_data(Connection& connection, Exchange& exchange, Persistence persistence);
  void serve_health(Connection& connection, Exchange& exchange, Persistence persistence);
  bool keep_records(Connection& connection, const Exchange& exchange, const ReadBody& body,
                    Persistence persistence);
  bool write_records(const Exchange& exchange, const ReadBody& body);
  void add_header(Exchange& exchange, std::string_view name, std::string_view value);
  void set_content(Exchange& exchange, std::size_t bytes);
  void add_cors(Exchange& exchange);
  void let_pages_read(Exchange& exchange);
  void serve_limited(Connection& connection, Exchange& exchange, Persistence persistence);
  void queue_composed(Connection& connection, const Exchange& exchange, const Response& response);

  // dispatch_bodies.h: PROXY headers and bodies.
  bool count_address(Connection& connection);
  std::uint32_t take_proxy_header(Connection& connection, std::string_view bytes);
  std::uint32_t begin_body(Connection& connection, const RequestView& request,
                           std::string_view bytes);
  std::uint32_t collect_body(Connection& connection, std::string_view more);
  void finish_body(Connection& connection);
  void abandon_body(Connection& connection, std::size_t response_index);
  void drop_body(Connection& connection) noexcept;
  void link_body(Connection& connection) noexcept;
  bool evict_oldest_body();
  BodyBlock& body_block(const Connection& connection) const noexcept;

  // dispatch_disk.h: log.durability = "disk".
  void commit_outputs();
  void begin_group();
  void hold_outputs();
  void write_group();
  void write_lane(std::uint32_t lane);
  void on_written(CompletionToken token, int result);
  void settle_group();
  void count_sync();
  void publish_lanes();
  void send_held();
  void append_to_tail(Connection& connection, const Output& output);
  void fail_group();
  void withdraw_answers();
  void end_disk_trouble();
  void look_at_disk();
  void finish_lanes();
  bool awaits_disk(const Connection& connection) const noexcept;
  bool is_disk_busy() const noexcept { return group_.open || group_.failed; }

  // dispatch_errors.h: everything that is not the straight path.
  void on_accept_end(std::uint32_t listener, int result);
  void on_receive_end(Connection& connection, int result);
  void on_send_failed(Connection& connection, int result);
  void on_tail_done(Connection& connection, int result);
  void begin_tail(Connection& connection, std::uint32_t sent_bytes);
  void send_tail(Connection& connection);
  void queue_input(Connection& connection);
  void hold_input(Connection& connection, std::uint16_t buffer, std::uint32_t bytes);
  void drop_held(Connection& connection);
  void run_queued_input();
  void parse_queued(Connection& connection);
  void refuse(Connection& connection, const RequestView& request, Refusal refusal);
  void answer_unlogged(Connection& connection, std::size_t response_index, Persistence persistence,
                       bool head_only);
  bool answer_without_line(Connection& connection, Persistence persistence, bool head_only);
  void answer_fault(Connection& connection, const RequestView& request, std::uint64_t request_bytes,
                    std::size_t response_index, bool has_whole_head);
  void hide_person(Exchange& exchange);
  void absorb_held(Connection& connection);
  void finish_connection(Connection& connection);
  void settle_closers();
  void cancel(const Connection& connection, Operation operation);
  void note_new_head(Connection& connection, const RequestView& request, std::string_view head);
  void forget_head(Connection& connection);
  void close_connection(Connection& connection);
  void release_if_settled(Connection& connection);
  void rearm_starved();
  void retry_accepts();

  // life.h: deadlines, the second's work, the drain.
  std::uint32_t deadline_s(const Connection& connection) const noexcept;
  std::uint32_t on_deadline(Connection& connection);
  void time_out_head(Connection& connection);
  void tick();
  void visit_deadlines(std::uint32_t completions);
  void look_for_overlooked();
  void cancel_accept(std::uint32_t listener);
  void change_rules();
  void begin_drain();
  void close_idle();
  bool drain_step();

  Wait next_wait() const;
  std::uint32_t now_s() const noexcept {
    return static_cast<std::uint32_t>(now_ns_ / 1'000'000'000);
  }
  void queue_output(Connection& connection, const char* bytes, std::uint32_t count);

  const WorkerOptions& options_;
  WorkerControl& control_;
  WorkerCounters& counters_;
  R& ring_;
  const bool waits_for_disk_;
  std::optional<DiskLane> disk_;  // The lanes of the two writers, where answers wait for them.
  std::optional<DiskLane> events_disk_;
  SegmentWriter writer_;
  std::optional<SegmentWriter> events_;
  logfmt::RequestIds ids_;
  std::unique_ptr<WorkerRules> rules_;
  std::unique_ptr<WorkerRules> old_rules_;  // Answers of the last loop may be read from it.
  ConnectionTable connections_;
  TimerWheel<Connection> wheel_;
  BlockPool partials_;
  BlockPool tails_;
  BlockPool bodies_;
  BlockPool memories_;
  TextTable tls_texts_;
  AddressCounts address_counts_;
  OutputArena arena_;
  ComposedAnswers composed_;
  WaitPolicy wait_policy_;
  std::vector<Listener> listeners_;
  std::unique_ptr<char[]> line_scratch_;
  std::uint32_t oldest_body_ = BlockPool::kNone;  // The bodies being received, by age.
  std::uint32_t newest_body_ = BlockPool::kNone;
  char client_text_[kAddressTextBytesMax];
  char forwarded_text_[kAddressTextBytesMax];
  std::unique_ptr<std::uint16_t[]> next_held_;   // By receive buffer: the next one held.
  std::unique_ptr<std::uint32_t[]> held_bytes_;  // By receive buffer.

  ConnectionQueue<OutputTag> outputs_;
  ConnectionQueue<HeldTag> held_;
  ConnectionQueue<InputTag> inputs_;
  ConnectionQueue<CloserTag> closers_;
  ConnectionQueue<StarvedTag> starved_;

  std::uint64_t now_ns_ = 0;
  std::uint64_t next_ends_ns_ = 0;
  std::int64_t wall_s_ = 0;
  std::uint32_t ticked_s_ = 0;  // Whose seconds begin at another time than the wall's.
  logfmt::DateTimeText date_time_{};
  std::uint64_t answered_lines_ = 0;
  Group group_;
  std::uint64_t old_rules_group_ = 0;  // The last one that may have answers of old_rules_.
  bool inputs_wait_ = false;           // What is queued has room when the group is done.
  bool accept_paused_ = false;         // Every slot is taken: newcomers wait in the backlog.
  bool accept_trouble_ = false;        // Paused, or a listener waits to be tried again.
  bool draining_ = false;
  bool finished_ = false;
};

}  // namespace pixel::edge
