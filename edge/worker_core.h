// SPDX-License-Identifier: Apache-2.0
// WorkerCore: the state machine of one worker over a Ring. HOT. One thread; owns its connections,
// buffers and segment; after construction nothing allocates.
//
// A loop: enter the ring -> handle completions (parse, log, collect answers) -> publish the lines
// -> queue the answers. The next enter submits them: a line is in the file before its answer is
// visible to the kernel. The members are defined in dispatch.h (hot), dispatch_errors.h (cold) and
// life.h (cold); worker_*.cc instantiate them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

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

template <Ring R>
class WorkerCore {
 public:
  /// COLD: allocates everything. All references outlive the core.
  WorkerCore(const WorkerOptions& options, WorkerControl& control, R& ring);

  /// Serves until drained; see WorkerControl::drain.
  void run();

  /// Arms the listeners: REQUIRES once, before the first step. run() does it.
  void begin();
  /// One loop. False once the drain is over and the segment given away.
  bool step();

  std::uint32_t open_connections() const noexcept { return connections_.open_count(); }

 private:
  struct Listener {
    int fd;
    bool armed = false;
    std::uint64_t retry_at_ns = 0;  // After an error: 0 when none.
  };

  // dispatch.h: from a completion to answers.
  void dispatch(const io_uring_cqe& completion);
  void on_accepted(int fd);
  void on_receive(Connection& connection, const io_uring_cqe& completion);
  void take_input(Connection& connection, std::uint16_t buffer, std::uint32_t bytes);
  void parse_buffer(Connection& connection, std::uint16_t buffer, std::uint32_t bytes);
  void continue_partial(Connection& connection, std::string_view more);
  std::uint32_t parse_all(Connection& connection, std::string_view bytes);
  void serve(Connection& connection, const RequestView& request);
  void answer(Connection& connection, const RequestView& request, ResponseId id,
              Persistence persistence);
  bool log_line(const Connection& connection, const RequestView& request, const Response& response);
  void keep_partial(Connection& connection, std::string_view rest);
  void flush_outputs();
  void arm_receive(Connection& connection);
  void arm_accept(std::uint32_t listener);
  bool may_parse(const Connection& connection) const noexcept;

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
  void answer_unlogged(Connection& connection, ResponseId id, Persistence persistence,
                       bool head_only);
  bool answer_without_line(Connection& connection, Persistence persistence, bool head_only);
  void absorb_held(Connection& connection);
  void finish_connection(Connection& connection);
  void settle_closers();
  void close_connection(Connection& connection);
  void release_if_settled(Connection& connection);
  void rearm_starved();
  void retry_accepts();

  // life.h: deadlines, the second's work, the drain.
  std::uint32_t deadline_s(const Connection& connection) const noexcept;
  std::uint32_t on_deadline(Connection& connection);
  void time_out_head(Connection& connection);
  void tick();
  void begin_drain();
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
  SegmentWriter writer_;
  ResponseSet responses_;
  ConnectionTable connections_;
  TimerWheel<Connection> wheel_;
  BlockPool partials_;
  BlockPool tails_;
  OutputArena arena_;
  WaitPolicy wait_policy_;
  std::vector<Listener> listeners_;
  std::unique_ptr<char[]> line_scratch_;
  std::unique_ptr<std::uint16_t[]> next_held_;   // By receive buffer: the next one held.
  std::unique_ptr<std::uint32_t[]> held_bytes_;  // By receive buffer.

  ConnectionQueue<OutputTag> outputs_;
  ConnectionQueue<InputTag> inputs_;
  ConnectionQueue<CloserTag> closers_;
  ConnectionQueue<StarvedTag> starved_;

  std::uint64_t now_ns_ = 0;
  std::int64_t wall_s_ = 0;
  logfmt::DateTimeText date_time_{};
  std::uint64_t answered_lines_ = 0;
  bool accept_paused_ = false;   // Every slot is taken: newcomers wait in the backlog.
  bool accept_trouble_ = false;  // Paused, or a listener waits to be tried again.
  bool draining_ = false;
  bool finished_ = false;
};

}  // namespace pixel::edge
