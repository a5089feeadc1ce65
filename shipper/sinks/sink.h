// SPDX-License-Identifier: Apache-2.0
// The contract of a sink. A sink is a folder of small files; retry, backoff, batching, dead
// letters and metrics are the runner's and never re-made in a sink.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/batch/batch.h"
#include "shipper/deliver/checkpoint.h"

namespace pixel::shipper {

/// What became of a batch.
struct Verdict {
  enum class Kind : std::uint8_t {
    kAcked,     // Rows and checkpoint are durable, together.
    kRetry,     // Nothing of it is visible; the same batch may be given again.
    kRejected,  // Will never be taken as it is: a fault of configuration or schema.
  };
  Kind kind = Kind::kAcked;
  std::string reason;  // For operators; empty when acked.
};

/// What a sink says it holds of one segment, read back from where the rows lie.
struct Holding {
  logfmt::SegmentId segment;
  std::uint64_t rows = 0;
  std::uint64_t distinct_rows = 0;  // By offset: less than rows means duplicates.
};

/// A query's answer as JSON: {"columns":[...],"rows":[[...],...]}.
struct QueryAnswer {
  std::string json;
};

class Sink {
 public:
  virtual ~Sink() = default;

  /// Opens the destination, finishes or undoes what a killed process left half done, and returns
  /// the checkpoint stored there (a new one where there is none). The sink's word is final.
  virtual base::Result<Checkpoint> open() = 0;

  /// Makes the batch's rows and batch.after durable as one. Blocks. Called by one thread, never
  /// again with ranges that were acked.
  virtual Verdict deliver(const Batch& batch) = 0;

  /// Upkeep (merging small files), called by the same thread when there is nothing to deliver and
  /// at least every few seconds; must return within about a second.
  virtual void maintain() {}

  /// Reads back what lies there, by segment. Any thread, while deliver runs.
  virtual base::Result<std::vector<Holding>> holdings() = 0;

  /// Answers a read-only SQL query. Any thread, while deliver runs.
  virtual base::Result<QueryAnswer> query(std::string_view /*sql*/) {
    return base::Error{"this sink answers no queries"};
  }

  /// Flushes and closes; no call follows.
  virtual void close() {}
};

}  // namespace pixel::shipper
