// SPDX-License-Identifier: Apache-2.0
// Batches for the tests of sinks that store rows: a small table with every type, numbered rows
// whose number can be read back, and a killer for crash tests.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper::testing {

inline const logfmt::SegmentId kSegment{{logfmt::SegmentKind::kAccess, 1, 0x673F3C2A, 3}, 7};
/// 2026-11-20T18:52:00Z in microseconds.
inline constexpr std::int64_t kNoonUs = 1'795'200'720'000'000;
inline constexpr std::int64_t kHourUs = 3'600'000'000;

inline ColumnSpec make_column(std::string name, ColumnType type,
                              ColumnSource source = ColumnSource::kField) {
  ColumnSpec column;
  column.name = std::move(name);
  column.type = type;
  column.source = source;
  return column;
}

/// request_time, path, status, ratio, ok, _segment, _offset.
inline std::vector<ColumnSpec> test_columns() {
  return {make_column("request_time", ColumnType::kTimestamp, ColumnSource::kRequestTime),
          make_column("path", ColumnType::kVarchar),
          make_column("status", ColumnType::kInteger),
          make_column("ratio", ColumnType::kDouble),
          make_column("ok", ColumnType::kBoolean),
          make_column("_segment", ColumnType::kVarchar, ColumnSource::kSegment),
          make_column("_offset", ColumnType::kInteger, ColumnSource::kOffset)};
}

inline TableSpec table_of(std::vector<ColumnSpec> columns) {
  return {"requests", logfmt::SegmentKind::kAccess, std::move(columns)};
}

struct TestRow {
  std::optional<std::int64_t> time_us = kNoonUs;
  std::optional<std::string> path = "/p.gif";
  std::optional<std::int64_t> status = 200;
  std::optional<double> ratio = 0.5;
  std::optional<bool> ok = true;
  std::int64_t offset = 0;
};

/// A batch and the memory that its cells borrow.
class BatchMaker {
 public:
  /// `first` is the first line's number (its offset); the checkpoint after it counts on.
  explicit BatchMaker(std::uint64_t first) : first_(first) { rows().columns.resize(7); }

  void add(const TestRow& row) {
    put(0, row.time_us);
    put_text(1, row.path);
    put(2, row.status);
    Cell ratio;
    ratio.null = !row.ratio;
    if (row.ratio) ratio.real = *row.ratio;
    rows().columns[3].push_back(ratio);
    put(4, row.ok);
    put_text(5, to_text(kSegment));
    put(6, std::optional(row.offset));
    ++rows().row_count;
  }

  /// Adds the cells of one more column: the column's number as text in every row.
  void add_text_column(std::string_view text) {
    auto& cells = rows().columns.emplace_back();
    for (std::size_t i = 0; i < rows().row_count; ++i) cells.push_back(text_cell(text));
  }

  /// Closes the batch: `lines` lines were read for it.
  const Batch& finish(std::uint64_t lines, std::uint64_t dead_lettered = 0) {
    batch_.ranges = {{kSegment, first_, first_ + lines, lines}};
    batch_.after.lanes[kSegment.lane] = {kSegment.index, first_ + lines};
    batch_.after.lines = first_ + lines;
    batch_.after.rows = first_ + lines - dead_lettered;
    batch_.after.dead_lettered = dead_lettered;
    return batch_;
  }
  Batch& batch() { return batch_; }
  RowBlock& rows() {
    batch_.tables.resize(1);
    return batch_.tables[0];
  }

 private:
  template <class T>
  void put(std::size_t column, const std::optional<T>& value) {
    Cell cell;
    cell.null = !value;
    if (value) cell.integer = static_cast<std::int64_t>(*value);
    rows().columns[column].push_back(cell);
  }
  void put_text(std::size_t column, const std::optional<std::string>& value) {
    rows().columns[column].push_back(value ? text_cell(*value) : Cell{});
  }
  Cell text_cell(std::string_view text) {
    const std::string& kept = texts_.emplace_back(text);
    Cell cell;
    cell.null = false;
    cell.size = static_cast<std::uint32_t>(kept.size());
    cell.data = kept.data();
    return cell;
  }

  std::uint64_t first_;
  Batch batch_;
  std::deque<std::string> texts_;
};

/// Delivers rows number `first` to `first + count - 1`, one in `hour_every` of the next hour.
inline Verdict deliver_numbered(Sink& sink, std::uint64_t first, std::uint64_t count,
                                std::uint64_t hour_every = 0) {
  BatchMaker maker(first);
  for (std::uint64_t n = first; n < first + count; ++n) {
    TestRow row;
    row.offset = static_cast<std::int64_t>(n);
    row.status = static_cast<std::int64_t>(n);
    if (hour_every != 0 && n % hour_every == 0) row.time_us = kNoonUs + kHourUs;
    maker.add(row);
  }
  return sink.deliver(maker.finish(count));
}

/// Gives the same rows to restore().
inline Verdict restore_numbered(Sink& sink, std::uint64_t first, std::uint64_t count) {
  BatchMaker maker(first);
  for (std::uint64_t n = first; n < first + count; ++n) {
    TestRow row;
    row.offset = static_cast<std::int64_t>(n);
    row.status = static_cast<std::int64_t>(n);
    maker.add(row);
  }
  return sink.restore(maker.finish(count));
}

/// A directory of its own for each test, removed with it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sink-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Rounds of a crash test; sanitizers make each one ten times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kCrashRounds = 6;
#else
inline constexpr int kCrashRounds = 30;
#endif

/// Runs `work(ready)` in a child and kills it with SIGKILL up to `window_us` after it called
/// ready(). REQUIRES: this process has one thread.
template <class Work>
void kill_while(Work work, base::Prng& prng, std::uint64_t window_us) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    work([&] { (void)!::write(pipe_ends[1], "x", 1); });
    ::_exit(0);
  }
  ::close(pipe_ends[1]);
  char byte;
  (void)!::read(pipe_ends[0], &byte, 1);
  ::usleep(static_cast<useconds_t>(prng.below(window_us)));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(pipe_ends[0]);
}

}  // namespace pixel::shipper::testing
