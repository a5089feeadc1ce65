// SPDX-License-Identifier: Apache-2.0
// Raw lines -> a batch, always the same one for the same lines: what a first sending, a sending
// after a crash and the two halves of a batch that was too large have in common. One sink's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shipper/batch/batcher.h"
#include "shipper/decode/table_decoder.h"
#include "shipper/deliver/journal_record.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// RefusedRow::table: not a row of one table, but all that the line became.
inline constexpr std::uint32_t kWholeLine = UINT32_MAX;

/// A batch with what is needed to make it, or parts of it, again.
struct Parcel {
  Batch batch;
  std::vector<LineChunk> raw;  // All its lines; their text lies in batch.text.
  Delta delta;
  std::vector<RefusedRow> refused;
  std::map<logfmt::LaneId, Position> gap_lanes;  // Passed over before any of the lines.

  /// False where the destination has nothing to take of it.
  bool has_rows() const noexcept { return delta.rows > 0; }
};

class BatchBuilder {
 public:
  explicit BatchBuilder(const BatchContent& content);

  /// From a batch of the batcher, decoded or not. `delta`: what it adds.
  Parcel adopt(Batch batch, Delta delta) const;

  /// Brings parcel.raw into the order of their places and makes all else from it, without
  /// parcel.refused. Changes the delta's counts of lines, rows, filtered and dead-lettered only.
  void build(Parcel& parcel);

  /// Which lines' rows these are. REQUIRES: the parcel is as the sink had it. Faults of rows that
  /// do not exist are left out.
  std::vector<RefusedRow> locate(const Parcel& parcel, std::span<const RowFault> faults);

  /// Cuts a parcel in two by lines, and builds both; nothing where it is a single line.
  std::optional<std::pair<Parcel, Parcel>> split(const Parcel& parcel);

  /// XXH3-128 of the lines, range by range. REQUIRES: raw is in order.
  static std::string hash(const Parcel& parcel);

 private:
  // Calls visit(chunk of one line, rows of each table before it, counts) for each line, decoded
  // into parcel.batch without the refused.
  template <class Visit>
  void build_by_line(Parcel& parcel, Visit&& visit);
  void drop_refused(Batch& batch, const LineChunk& line, std::span<const RefusedRow* const> rows,
                    const std::vector<std::size_t>& rows_before, DecodeCounts& counts);
  DecodeCounts decode(Batch& batch, const LineChunk& chunk);
  DecodeCounts decode_all(Batch& batch);
  static void set_ranges(Parcel& parcel);

  const BatchContent content_;
  std::optional<TableDecoder> decoder_;  // None: the sink takes lines.
};

/// Of what decides which rows a line becomes.
std::uint64_t content_hash(const BatchContent& content);

}  // namespace pixel::shipper
