// SPDX-License-Identifier: Apache-2.0
// One [[column]] or [[table.column]]: where its value comes from and what type it has. COLD.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

/// What a table says of all its columns.
struct ColumnDefaults {
  logfmt::SegmentKind source = logfmt::SegmentKind::kAccess;
  DecodeMode decode = DecodeMode::kOnce;
};

/// Reads a column from its section and finishes that; adds it unless something is wrong.
void read_column(base::ConfigSection& section, const ColumnDefaults& defaults,
                 std::set<std::string>& names, std::vector<ColumnSpec>& columns);

/// Adds a column whose name is fine and new; says at `key` what is wrong otherwise.
void add_column(base::ConfigSection& section, std::string_view key, ColumnSpec column,
                std::set<std::string>& names, std::vector<ColumnSpec>& columns);

/// "auto", "once", "twice".
void read_decode_mode(base::ConfigSection& section, DecodeMode& mode);

}  // namespace pixel::shipper
