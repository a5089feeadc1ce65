// SPDX-License-Identifier: Apache-2.0
// What requests meet, and what SIGHUP may change: routes and answers, whose word counts on the
// client's address, policy, timeouts. Rules are immutable and shared by all workers; WorkerRules is
// one worker's. COLD to make, on the main thread; HOT to read.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "edge/client/client_rules.h"
#include "edge/config.h"
#include "edge/events/body_reader.h"
#include "edge/http/response.h"
#include "edge/policy/policy.h"
#include "edge/routes/route_book.h"

namespace pixel::edge {

struct Timeouts {
  std::uint64_t header_ns = 0;
  std::uint64_t body_ns = 0;
  std::uint64_t keep_alive_ns = 0;
  std::uint64_t send_ns = 0;
};

struct Rules {
  std::unique_ptr<const RouteBook> book;
  ClientRules client;
  std::unique_ptr<const Policy> policy;
  Timeouts timeouts;
  bool serve_when_full = false;  // No place for a line: answer all the same, and count.

  /// Reads the files that the settings name. An error says which and why.
  static base::Result<std::shared_ptr<const Rules>> create(const EdgeConfig& config);
};

/// Rules with what a worker writes to: answers with a Date, scratch, limiter.
struct WorkerRules {
  /// `head_bytes_max`: of a request; sizes the scratch for its records.
  WorkerRules(std::shared_ptr<const Rules> shared, std::uint32_t head_bytes_max);

  std::shared_ptr<const Rules> rules;
  const RouteBook& book;
  const ClientRules& client;
  const Policy& policy;
  ResponseSet responses;
  PolicyState policy_state;
  BodyReader reader;
  /// Header lines of one answer.
  static constexpr std::size_t kHeaderBytesMax = 8 * 1024;
  std::unique_ptr<char[]> headers;
  /// The body of one answer, or the target of a redirect.
  static constexpr std::size_t kContentBytesMax = 112 * 1024;
  std::unique_ptr<char[]> content;
  /// One line of the events lane.
  std::unique_ptr<char[]> event_line;
};

}  // namespace pixel::edge
