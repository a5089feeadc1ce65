// SPDX-License-Identifier: Apache-2.0
// One connection's slot in a worker: what is under way on it. HOT; its worker's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "tools/pixel_load/answer_parser.h"

namespace pixel::load {

/// A request without its answer.
struct InFlight {
  std::uint64_t seq = 0;
  std::uint64_t meant_ns = 0;  // Latency counts from here.
  std::uint64_t sent_ns = 0;   // The timeout counts from here.
};

struct Connection {
  enum class State : std::uint8_t {
    kWaiting,  // To connect at retry_at_ns.
    kConnecting,
    kOpen,
    kDead,  // Lost, and the run does not reconnect.
  };

  int fd = -1;
  std::uint32_t generation = 0;  // Grows with every close.
  State state = State::kWaiting;
  bool ready_queued = false;   // Stands in the worker's queue of free places.
  bool dirty = false;          // Stands in the worker's list of connections to send on.
  bool send_busy = false;      // `sending` belongs to the kernel.
  std::uint32_t failures = 0;  // In a row; decides the backoff.
  std::uint32_t target = 0;
  std::uint32_t next_template = 0;
  std::uint64_t retry_at_ns = 0;
  std::uint64_t connect_started_ns = 0;
  AnswerParser parser;
  std::string outgoing;  // Requests not yet handed to the kernel.
  std::string sending;

  // Requests under way, oldest first: a ring of `pipeline` places.
  std::vector<InFlight> in_flight;
  std::uint32_t first = 0;
  std::uint32_t in_flight_count = 0;

  bool has_room() const noexcept { return in_flight_count < in_flight.size(); }
  const InFlight& oldest() const noexcept { return in_flight[first]; }
  void push(const InFlight& request) noexcept {
    DCHECK(has_room());
    std::size_t place = first + in_flight_count++;
    if (place >= in_flight.size()) place -= in_flight.size();
    in_flight[place] = request;
  }
  InFlight pop() noexcept {
    DCHECK(in_flight_count > 0);
    const InFlight request = in_flight[first];
    if (++first == in_flight.size()) first = 0;
    --in_flight_count;
    return request;
  }
};

}  // namespace pixel::load
