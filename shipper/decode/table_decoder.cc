// SPDX-License-Identifier: Apache-2.0
// See table_decoder.h.
#include "shipper/decode/table_decoder.h"

#include "base/assert.h"

namespace pixel::shipper {

TableDecoder::TableDecoder(const std::vector<TableSpec>& tables) {
  CHECK(tables.size() == 1);
  for (const TableSpec& table : tables) {
    sources_.push_back(table.source);
    decoders_.emplace_back(table.columns);
  }
}

DecodeCounts TableDecoder::decode(const logfmt::SegmentId& segment, std::uint64_t offset,
                                  std::string_view text, std::vector<RowBlock>& tables,
                                  std::vector<DeadLetter>& dead_letters) {
  shape(tables);
  return decoders_[0].decode(segment, offset, text, tables[0], dead_letters);
}

void TableDecoder::shape(std::vector<RowBlock>& tables) const {
  tables.resize(decoders_.size());
  for (std::size_t i = 0; i < decoders_.size(); ++i) {
    tables[i].columns.resize(decoders_[i].columns().size());
  }
}

}  // namespace pixel::shipper
