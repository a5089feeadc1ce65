// SPDX-License-Identifier: Apache-2.0
// The rare half of SegmentWriter: changing segments. Runs on the worker thread.
#include "edge/log/segment_writer.h"

#include <utility>

namespace pixel::edge {

void SegmentWriter::retire(logfmt::SealReason reason) noexcept {
  segment_.reason = reason;
  if (disk_ != nullptr) {
    disk_->retire(segment_);
  } else {
    publish();
    supply_.retire(segment_);
  }
  segment_ = MappedSegment{};
}

bool SegmentWriter::take_next() noexcept {
  if (finished_ || suspended_ || (disk_ != nullptr && !disk_->has_place())) return false;
  const auto next = supply_.try_take();
  if (!next) return false;
  segment_ = *next;
  segment_.first_sequence = lines_;
  if (disk_ != nullptr) {
    disk_->begin(segment_);
    return true;
  }
  // 0 first: nobody may take the old segment's position for the new one's (control_page.h,
  // invariant 3).
  slot_.position.store(0, std::memory_order_release);
  slot_.segment_index.store(segment_.id.index, std::memory_order_release);
  slot_.position.store(segment_.position, std::memory_order_release);
  return true;
}

bool SegmentWriter::rotate_for(std::size_t bytes) noexcept {
  // The next one is asked for first: while there is none, a smaller line may still fit here.
  if (finished_ || suspended_ || supply_.standby_count() == 0) return false;
  if (disk_ != nullptr && !disk_->has_place()) return false;
  // More than any segment of the lane holds: a new one would not help.
  if (segment_.base != nullptr && bytes > segment_.capacity) return false;
  if (segment_.base != nullptr) retire(logfmt::SealReason::kSize);
  return take_next() && segment_.position + bytes <= segment_.capacity;
}

void SegmentWriter::tick(std::int64_t unix_seconds) noexcept {
  if (segment_.base != nullptr && segment_.lines > 0) {
    const bool new_hour = unix_seconds / 3600 != segment_.first_line_at / 3600;
    const bool too_old = unix_seconds - segment_.first_line_at >= segment_age_s_;
    if (new_hour) {
      retire(logfmt::SealReason::kHour);
    } else if (too_old) {
      retire(logfmt::SealReason::kAge);
    }
  }
  if (segment_.base == nullptr) take_next();
}

void SegmentWriter::suspend() noexcept {
  if (suspended_) return;
  suspended_base_ = std::exchange(segment_.base, nullptr);
  suspended_ = true;
}

void SegmentWriter::resume() noexcept {
  if (!suspended_) return;
  segment_.base = std::exchange(suspended_base_, nullptr);
  suspended_ = false;
}

void SegmentWriter::finish() noexcept {
  if (segment_.base != nullptr) retire(logfmt::SealReason::kShutdown);
  finished_ = true;
}

}  // namespace pixel::edge
