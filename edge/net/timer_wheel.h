// SPDX-License-Identifier: Apache-2.0
// Coarse deadlines of many connections: a wheel of one-second buckets, each an intrusive list. HOT.
// A connection that is active does not move: its bucket finds a later deadline when its second
// comes and files it anew. So a request costs no list operation, and nothing expires early; what
// expires is at most a second late. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>

namespace pixel::edge {

/// Base of what the wheel holds. Unlinks itself in O(1).
using TimerHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// T derives from TimerHook.
template <class T>
class TimerWheel {
 public:
  /// Deadlines further away than this are looked at on the way and filed again.
  static constexpr std::uint32_t kBuckets = 1024;
  /// What the end of an item costs, where looking at one costs 1.
  static constexpr std::uint32_t kEndEffort = 16;

  explicit TimerWheel(std::uint32_t now_s) : now_s_(now_s) {}

  /// Files `item` for a second; one that has passed counts as the next. REQUIRES: not linked.
  void insert(T& item, std::uint32_t deadline_s) noexcept {
    if (deadline_s <= now_s_) deadline_s = now_s_ + 1;
    const std::uint32_t ahead = deadline_s - now_s_;
    bucket(ahead < kBuckets ? deadline_s : now_s_ + kBuckets - 1).push_back(item);
  }

  /// Moves an item to another second. Fine when it is not linked.
  void move(T& item, std::uint32_t deadline_s) noexcept {
    remove(item);
    insert(item, deadline_s);
  }

  /// Takes an item out of whichever bucket holds it. Fine when none does.
  static void remove(T& item) noexcept {
    if (static_cast<TimerHook&>(item).is_linked()) static_cast<TimerHook&>(item).unlink();
  }

  /// Goes on to `now_s`, but for no more than `effort`: the rest is due still. For each item whose
  /// second has come, visit(item) returns its true deadline, and a later one files it anew: an
  /// effort of 1; or 0 where it was taken care of and must not be filed again: kEndEffort.
  template <class Visit>
  void advance(std::uint32_t now_s, Visit&& visit, std::uint32_t effort = UINT32_MAX) {
    for (;;) {
      while (!due_.empty()) {
        if (effort == 0) return;
        T& item = due_.front();
        due_.pop_front();
        const std::uint32_t deadline_s = visit(item);
        if (deadline_s != 0) insert(item, deadline_s);
        effort -= std::min(effort, deadline_s != 0 ? 1 : kEndEffort);
      }
      if (now_s_ >= now_s) return;
      ++now_s_;
      due_.swap(bucket(now_s_));
    }
  }

  /// Whether the last advance left items that are due.
  bool has_due() const noexcept { return !due_.empty(); }

 private:
  using List = boost::intrusive::list<T, boost::intrusive::base_hook<TimerHook>,
                                      boost::intrusive::constant_time_size<false>>;
  List& bucket(std::uint32_t second) noexcept { return buckets_[second % kBuckets]; }

  std::uint32_t now_s_;
  List due_;  // Of now_s_, or of a second before it.
  std::array<List, kBuckets> buckets_;
};

}  // namespace pixel::edge
