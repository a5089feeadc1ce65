// SPDX-License-Identifier: Apache-2.0
// HOT: see bots.h. A step waits for the one before it (two loads, some 6 cycles), so a long agent
// is walked by two lanes at once; the second begins early enough to know what it would have seen.
#include "edge/policy/bots.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kTwoLanesBytes = 64;  // Shorter ones gain nothing by it.

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
  const Walk walk{column_.data(), next_.data()};
  const char* const end = user_agent.data() + user_agent.size();
  const char* at = user_agent.data();
  std::uint32_t state = 0;
  bool found = false;
  if (user_agent.size() >= kTwoLanesBytes && user_agent.size() > 2 * context_bytes_) {
    // Both lanes take as many steps; the first of the second one only bring it into its state, for
    // there it would find what begins before it and is taken back.
    const std::size_t steps = (user_agent.size() + context_bytes_ + 1) / 2;
    const char* ahead = end - steps;
    std::uint32_t state_ahead = 0;
    std::size_t i = 0;
    for (; i < context_bytes_; ++i) {
      state = walk.step(state, *at++);
      state_ahead = walk.step(state_ahead, *ahead++);
      found |= state >= found_;
    }
    for (; i < steps; ++i) {
      state = walk.step(state, *at++);
      state_ahead = walk.step(state_ahead, *ahead++);
      found |= state >= found_ || state_ahead >= found_;
    }
    return found;
  }
  while (at != end) {
    state = walk.step(state, *at++);
    found |= state >= found_;
  }
  return found;
}

}  // namespace pixel::edge
