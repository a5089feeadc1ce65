// SPDX-License-Identifier: Apache-2.0
// [[table]], and [columns] and [[column]] for the tables that are there without it. COLD. The keys
// are explained in docs/ROWS.md and shipper.toml.
#pragma once

#include <vector>

#include "base/config_reader.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

/// Reads all tables, in their order: the configured ones, or `requests` and `events`. What is wrong
/// goes to the section's reader.
std::vector<TableSpec> read_tables(base::ConfigSection& root);

/// The tables that `tables = [...]` of a sink names, in the order of `all`; without it all.
std::vector<TableSpec> read_sink_tables(base::ConfigSection& sink,
                                        const std::vector<TableSpec>& all);

/// The names of sources, by their place the kinds of lanes: "requests", "events".
std::size_t read_source(base::ConfigSection& section, logfmt::SegmentKind& source);

}  // namespace pixel::shipper
