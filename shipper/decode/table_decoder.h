// SPDX-License-Identifier: Apache-2.0
// Lines -> rows of all tables of a sink. One sink's thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "logfmt/segment_name.h"
#include "shipper/decode/decoder.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

class TableDecoder {
 public:
  /// REQUIRES: names of tables, and of columns within one, are unique.
  explicit TableDecoder(const std::vector<TableSpec>& tables);

  /// Appends the rows of each table to its block, in the order of the tables, and what fits none to
  /// `dead_letters`. `text`: whole lines, which must live as long as the blocks; its first byte
  /// lies at `offset` of `segment`.
  DecodeCounts decode(const logfmt::SegmentId& segment, std::uint64_t offset, std::string_view text,
                      std::vector<RowBlock>& tables, std::vector<DeadLetter>& dead_letters);

  /// Gives every table its block and every block its columns, also where there is no row.
  void shape(std::vector<RowBlock>& tables) const;

 private:
  std::vector<logfmt::SegmentKind> sources_;
  std::vector<Decoder> decoders_;
};

}  // namespace pixel::shipper
