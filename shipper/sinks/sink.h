// SPDX-License-Identifier: Apache-2.0
// The contract of a sink. A sink is a folder of small files; retry, backoff, batching, splitting,
// journals, dead letters and metrics are the pipeline's and never re-made in a sink.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/batch/batch.h"
#include "shipper/deliver/checkpoint.h"

namespace pixel::shipper {

/// A row that the destination will never take.
struct RowFault {
  std::uint32_t table = 0;  // Its place among the sink's tables.
  std::uint32_t row = 0;    // Its place in the table's block.
  std::string reason;
};

/// What became of a batch.
struct Verdict {
  enum class Kind : std::uint8_t {
    kAcked,         // Durable, but for `faults`: with the checkpoint where the sink keeps it.
    kRetry,         // Nothing of it is known to be there; the same batch may be given again.
    kSplit,         // Too large for the destination: it may take two halves. Nothing was taken.
    kRowsRejected,  // Nothing was taken; without the rows in `faults` it may be.
    kRejected,      // Will never be taken as it is: a fault of configuration or schema.
  };
  Kind kind = Kind::kAcked;
  std::string reason;                // For operators; empty when acked.
  std::uint64_t retry_after_ns = 0;  // kRetry: the destination wants to be left alone so long.
  // kAcked (not where the sink keeps the checkpoint: there, kRowsRejected), kRowsRejected. Become
  // dead letters. A token that comes again must be answered with the same faults.
  std::vector<RowFault> faults{};
  bool is_overload = false;  // kRetry: it has too much to do (429, 503, a timeout): fewer at once.
};

inline Verdict acked() { return {}; }
inline Verdict retry(const base::Error& error) {
  return {Verdict::Kind::kRetry, error.message, 0, {}};
}
inline Verdict rejected(std::string reason) {
  return {Verdict::Kind::kRejected, std::move(reason), 0, {}};
}

/// What a sink needs of the pipeline. Fixed from its making on.
struct SinkTraits {
  /// True: rows and checkpoint become durable in the sink as one. False: the pipeline writes a
  /// journal of intents, and the same ranges come again with the same token after a crash.
  bool keeps_checkpoint = true;
  /// The lines as they are instead of rows.
  bool takes_lines = false;
  /// So many deliver() calls at once, from as many threads. REQUIRES: 1 where keeps_checkpoint.
  std::uint32_t concurrency_max = 1;
  /// False: what lies there cannot be read back, holdings() is an error.
  bool can_be_audited = true;
  /// Changes when the same rows would become other bytes: a journaled batch of another version is
  /// refused instead of sent under a token that stands for other bytes.
  std::uint32_t encoder_version = 1;
  /// Takes the rows of the next batch as they are read, by write_early(). REQUIRES:
  /// keeps_checkpoint, and rows that do not count before deliver() can be undone.
  bool writes_early = false;
};

/// What `pixel-shipper explain` prints.
struct Guarantee {
  bool is_exactly_once = false;  // Else at least once.
  std::string because;           // One sentence.
  std::string breaks_if;         // One sentence.
};

/// What a sink says it holds of one segment, read back from where the rows lie. Over several
/// tables: a line that became rows of two of them counts once.
struct Holding {
  logfmt::SegmentId segment;
  std::uint64_t rows = 0;           // distinct_rows and every duplicate within a table.
  std::uint64_t distinct_rows = 0;  // By offset: less than rows means duplicates.
};

/// A query's answer as JSON: {"columns":[...],"rows":[[...],...]}.
struct QueryAnswer {
  std::string json;
};

/// The error of query() where a sink has no SQL at all: another one may.
inline constexpr std::string_view kAnswersNoQueries = "this sink answers no queries";

class Sink {
 public:
  virtual ~Sink() = default;

  virtual SinkTraits traits() const { return {}; }
  virtual Guarantee guarantee() const = 0;

  /// Opens the destination, finishes or undoes what a killed process left half done, and returns
  /// the checkpoint stored there (a new one where there is none). The sink's word is final. May be
  /// called again after an error. Where the sink keeps no checkpoint the result is a new one.
  virtual base::Result<Checkpoint> open() = 0;

  /// Makes the batch's rows (and batch.after, where the sink keeps it) durable as one. Blocks.
  /// Called by one thread, or by concurrency_max at once with different batches; never again with
  /// ranges that were acked.
  virtual Verdict deliver(const Batch& batch) = 0;

  /// Rows of the batch that is being gathered, by table, while they are in the cache: called as
  /// often as lines are read, never while a batch waits for its ack. They count once deliver() was
  /// acked for a batch that is_written. After an error, of this or of deliver(), the batch comes
  /// with all of its rows, and what was written early is to be undone. Where writes_early.
  virtual base::Status write_early(const std::vector<RowBlock>& /*tables*/) {
    return base::Error{"this sink writes nothing early"};
  }

  /// Upkeep (merging small files), called by the sink's thread when there is nothing to deliver and
  /// at least every few seconds; must return within about a second.
  virtual void maintain() {}

  /// Connects and authenticates as open() would, changes nothing, says what is wrong and what to do
  /// next. For `pixel-shipper check --reach`; needs no open().
  virtual base::Status reach() { return base::ok_status(); }

  /// Makes what must exist at the destination (tables, roles, buckets) and returns what it did, one
  /// line each; with `dry_run` what it would do. Doing it twice is fine. Needs no open().
  virtual base::Result<std::string> initialise(bool /*dry_run*/) {
    return std::string("nothing to make\n");
  }

  /// Makes those rows of the batch durable that are not there, and leaves the others and the
  /// checkpoint alone: for `pixel-shipper replay`. REQUIRES: open() succeeded.
  virtual Verdict restore(const Batch& /*batch*/) {
    return rejected("this sink cannot tell which rows it has: replay is not possible");
  }

  /// Reads back what lies there, by segment. Any thread, while deliver runs.
  virtual base::Result<std::vector<Holding>> holdings() = 0;

  /// Answers a read-only SQL query. Any thread, while deliver runs.
  virtual base::Result<QueryAnswer> query(std::string_view /*sql*/) {
    return base::Error{std::string(kAnswersNoQueries)};
  }

  /// Flushes and closes; no call follows.
  virtual void close() {}
};

}  // namespace pixel::shipper
