// SPDX-License-Identifier: Apache-2.0
// Gives lines to a sink again: those rows of them that it lacks become durable, the others and its
// checkpoint stay as they are. COLD; one thread; others may read the progress and cancel.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/batch/batcher.h"
#include "shipper/segment_lines.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// How far a job has come.
struct JobProgress {
  std::atomic<std::uint64_t> bytes_total{0};
  std::atomic<std::uint64_t> bytes_done{0};
  std::atomic<std::uint64_t> segments_total{0};
  std::atomic<std::uint64_t> segments_done{0};
  std::atomic<std::uint64_t> lines{0};
  std::atomic<bool> cancelled{false};
};

class Restorer {
 public:
  struct Counts {
    std::uint64_t lines = 0;
    std::uint64_t rows = 0;  // Given to the sink; how many it lacked is its own knowledge.
    std::uint64_t dead_lettered = 0;
    std::uint64_t rejected_rows = 0;  // By the sink.
  };

  /// REQUIRES: sink.open() succeeded, and nobody else delivers to it. `table`: give rows of this
  /// one only; "" for all.
  Restorer(Sink& sink, const BatchContent& content, const BatchLimits& limits, std::string table,
           JobProgress& progress);

  /// Reads the segments and restores their lines.
  base::Status run(SegmentStore& store, const std::vector<SelectedSegment>& segments);

  /// Restores one batch, in parts where it is too large. Its letters are only counted.
  base::Status restore(Batch batch);

  const Counts& counts() const noexcept { return counts_; }

 private:
  base::Status give(const Batch& batch);
  base::Status restore_parts(const Batch& batch);
  void keep_one_table(Batch& batch) const;
  bool wait(std::uint64_t ns) const;

  Sink& sink_;
  const BatchContent content_;
  const BatchLimits limits_;
  const std::string table_;
  JobProgress& progress_;
  Counts counts_;
  bool is_too_large_ = false;  // The last batch given.
};

}  // namespace pixel::shipper
