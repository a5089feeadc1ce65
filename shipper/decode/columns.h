// SPDX-License-Identifier: Apache-2.0
// The columns that are there without configuration: of `requests` the 33 fields (date and time as
// one timestamp), the configured query parameters and the lineage of each row; of `events` the
// members of an event's line. COLD.
// Source of the types: AWS Athena DDL for CloudFront standard logs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

/// A text column for the query parameter of the same name.
ColumnSpec parameter_column(std::string name);

/// What lines of a kind have by themselves: the 33 fields, or the members of an event.
std::vector<ColumnSpec> source_columns(logfmt::SegmentKind source);
/// _segment, _offset, _request_id.
std::vector<ColumnSpec> lineage_columns();

/// Fields, then `parameters`, then _segment and _offset.
std::vector<ColumnSpec> standard_columns(const std::vector<ColumnSpec>& parameters);

/// The table that is there without configuration: every line of the access lanes.
TableSpec requests_table(const std::vector<ColumnSpec>& parameters);
/// And the other: every line of the events lanes.
TableSpec events_table();

/// One line that says all of a column.
std::string describe(const ColumnSpec& column);
/// 16 hexadecimal digits, the same for tables that make the same rows of the same lines: whoever
/// encodes a batch again after a restart sees whether the configuration still is what it was.
std::string rows_fingerprint(const std::vector<TableSpec>& tables);

/// True for a lower case letter or '_' followed by lower case letters, digits and '_', 1 to 63.
bool is_column_name(std::string_view name) noexcept;

}  // namespace pixel::shipper
