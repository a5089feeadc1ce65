// SPDX-License-Identifier: Apache-2.0
// See restore.h. COLD.
#include "shipper/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "base/units.h"

namespace pixel::shipper {
namespace {

constexpr int kAttempts = 8;
constexpr std::uint64_t kFirstPauseNs = 250 * base::kMillisecondNs;
constexpr std::uint64_t kPauseMaxNs = 30 * base::kSecondNs;

base::Error cancelled_error() { return base::Error{"cancelled; what was restored stays"}; }

std::uint64_t count_lines(const Batch& batch) {
  std::uint64_t lines = 0;
  for (const Range& range : batch.ranges) lines += range.lines;
  return lines;
}

// Appends all of `text`, and calls `full` with each batch that it fills.
template <class Full>
base::Status append_all(Batcher& batcher, const logfmt::SegmentId& segment, std::uint64_t offset,
                        std::string_view text, Full&& full) {
  while (!text.empty()) {
    const std::size_t taken = batcher.append(segment, offset, text, 0);
    offset += taken;
    text.remove_prefix(taken);
    if (text.empty()) break;
    if (auto status = full(batcher.cut(FlushReason::kRows)); !status) return status;
  }
  return base::ok_status();
}

}  // namespace

Restorer::Restorer(Sink& sink, const BatchContent& content, const BatchLimits& limits,
                   std::string table, JobProgress& progress)
    : sink_(sink),
      content_(content),
      limits_(limits),
      table_(std::move(table)),
      progress_(progress) {}

base::Status Restorer::run(SegmentStore& store, const std::vector<SelectedSegment>& segments) {
  progress_.segments_total = segments.size();
  std::uint64_t bytes_total = 0;
  for (const SelectedSegment& selected : segments) {
    // The length of a compressed one is known at its end.
    if (selected.until != UINT64_MAX) bytes_total += selected.until;
  }
  progress_.bytes_total = bytes_total;
  Batcher batcher(content_, limits_, Checkpoint{});
  const auto full = [this](Batch batch) { return restore(std::move(batch)); };
  for (const SelectedSegment& selected : segments) {
    auto read = read_lines(store, selected, [&](std::uint64_t offset, std::string_view text) {
      if (progress_.cancelled) return base::Status(cancelled_error());
      auto status = append_all(batcher, selected.segment, offset, text, full);
      progress_.bytes_done += text.size();
      return status;
    });
    if (!read) return read;
    ++progress_.segments_done;
  }
  return batcher.is_empty() ? base::ok_status() : restore(batcher.cut(FlushReason::kDrain));
}

base::Status Restorer::restore(Batch batch) {
  counts_.lines += count_lines(batch);
  counts_.dead_lettered += batch.dead_letters.size();
  keep_one_table(batch);
  counts_.rows += batch.row_count();
  auto given = give(batch);
  if (!given && is_too_large_) given = restore_parts(batch);
  progress_.lines = counts_.lines;
  return given;
}

// The same rows in two halves, or as many as it takes.
base::Status Restorer::restore_parts(const Batch& batch) {
  const std::uint64_t lines = count_lines(batch);
  if (lines < 2) return base::Error{"a single line is too large for the sink"};
  BatchLimits half = limits_;
  half.rows = (lines + 1) / 2;
  Batcher batcher(content_, half, Checkpoint{});
  const auto full = [this](Batch part) {
    keep_one_table(part);
    auto given = give(part);
    return !given && is_too_large_ ? restore_parts(part) : given;
  };
  for (const LineChunk& chunk : batch.lines) {
    auto status = append_all(batcher, chunk.segment, chunk.offset, chunk.text, full);
    if (!status) return status;
  }
  return batcher.is_empty() ? base::ok_status() : full(batcher.cut(FlushReason::kDrain));
}

base::Status Restorer::give(const Batch& batch) {
  std::uint64_t pause_ns = kFirstPauseNs;
  is_too_large_ = false;
  for (int attempt = 1;; ++attempt) {
    if (progress_.cancelled) return cancelled_error();
    const Verdict verdict = sink_.restore(batch);
    switch (verdict.kind) {
      case Verdict::Kind::kAcked:
        counts_.rejected_rows += verdict.faults.size();
        return base::ok_status();
      case Verdict::Kind::kSplit:
        is_too_large_ = true;
        return base::Error{verdict.reason};
      case Verdict::Kind::kRowsRejected:
      case Verdict::Kind::kRejected:
        return base::Error{verdict.reason};
      case Verdict::Kind::kRetry:
        break;
    }
    if (attempt == kAttempts) {
      return base::Error{fmt::format("{} (tried {} times)", verdict.reason, attempt)};
    }
    if (!wait(std::max(pause_ns, verdict.retry_after_ns))) return cancelled_error();
    pause_ns = std::min(2 * pause_ns, kPauseMaxNs);
  }
}

// False when it was cancelled meanwhile.
bool Restorer::wait(std::uint64_t ns) const {
  const std::uint64_t end_ns = base::monotonic_ns() + ns;
  while (base::monotonic_ns() < end_ns) {
    if (progress_.cancelled) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

void Restorer::keep_one_table(Batch& batch) const {
  if (table_.empty()) return;
  for (std::size_t i = 0; i < batch.tables.size(); ++i) {
    if (content_.tables[i].name == table_) continue;
    RowBlock empty;
    empty.columns.resize(batch.tables[i].columns.size());
    batch.tables[i] = std::move(empty);
  }
}

}  // namespace pixel::shipper
