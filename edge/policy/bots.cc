// SPDX-License-Identifier: Apache-2.0
// HOT: see bots.h. A step waits for the one before it (two loads, some 6 cycles), so a long agent
// is walked by four lanes at once: 111 bytes in 84 ns where one lane takes 207 (policy_bench).
#include "edge/policy/bots.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kLanes = 4;
constexpr std::size_t kLanesBytesMin = 48;  // Shorter ones gain nothing by them.

struct Walk {
  const std::uint8_t* column;
  const std::uint32_t* next;

  std::uint32_t step(std::uint32_t state, char byte) const noexcept {
    return next[state + column[static_cast<unsigned char>(byte)]];
  }
};

}  // namespace

bool BotMatcher::matches(std::string_view user_agent) const noexcept {
  if (next_.empty()) return false;
  const std::size_t bytes = user_agent.size();
  // As many steps in each lane. The first of a lane only bring it into the state that the lane
  // before it ends with: there it could find what begins before it and is taken back.
  const std::size_t steps = (bytes + (kLanes - 1) * context_bytes_ + kLanes - 1) / kLanes;
  if (bytes < kLanesBytesMin || bytes < 2 * context_bytes_) return matches_in_one_lane(user_agent);
  const Walk walk{column_.data(), next_.data()};
  const std::size_t stride = steps - context_bytes_;
  const char* const a = user_agent.data();
  const char* const b = a + stride;
  const char* const c = b + stride;
  const char* const d = a + bytes - steps;  // At most 3 bytes before c + stride.
  const std::uint32_t last_plain = found_ - 1;
  const auto below = [last_plain](std::uint32_t state) {
    return static_cast<std::int32_t>(last_plain - state);
  };
  std::uint32_t in_a = 0;
  std::uint32_t in_b = 0;
  std::uint32_t in_c = 0;
  std::uint32_t in_d = 0;
  // The sign of a difference that goes below 0 says that a lane has found something: one
  // subtraction where a comparison takes two instructions more.
  std::int32_t found = 0;
  const auto step_all = [&](std::size_t i) {
    in_a = walk.step(in_a, a[i]);
    in_b = walk.step(in_b, b[i]);
    in_c = walk.step(in_c, c[i]);
    in_d = walk.step(in_d, d[i]);
    found |= below(in_a);
  };
  std::size_t i = 0;
  for (; i < context_bytes_; ++i) step_all(i);
  for (; i < steps; ++i) {
    step_all(i);
    found |= below(in_b) | below(in_c) | below(in_d);
  }
  return found < 0;
}

bool BotMatcher::matches_in_one_lane(std::string_view user_agent) const noexcept {
  const Walk walk{column_.data(), next_.data()};
  std::uint32_t state = 0;
  unsigned found = 0;
  for (const char byte : user_agent) {
    state = walk.step(state, byte);
    found |= state >= found_;
  }
  return found != 0;
}

}  // namespace pixel::edge
