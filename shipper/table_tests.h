// SPDX-License-Identifier: Apache-2.0
// Tests that stand in the configuration: lines in, rows out, through the decoder that the sinks
// have. COLD.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/config_reader.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

/// A row that must come out; columns that are not named may have any value.
struct ExpectedRow {
  std::string table;
  std::vector<std::pair<std::string, base::ConfigScalar>> values;
  std::vector<std::string> nulls;
};

struct TableTest {
  enum class Outcome : std::uint8_t {
    kRows,        // Exactly `rows`, table by table in their order.
    kFiltered,    // Every line is one that no table wants.
    kDeadLetter,  // Every line is a dead letter, whose reason contains `reason`.
  };
  std::string name;
  std::vector<std::pair<logfmt::SegmentKind, std::string>> lines;  // Without newlines.
  Outcome outcome = Outcome::kRows;
  std::string reason;
  std::vector<ExpectedRow> rows;
};

/// Reads all [[test]]; names of tables and columns must be those of `tables`.
std::vector<TableTest> read_tests(base::ConfigSection& root, const std::vector<TableSpec>& tables);

/// What is not as expected, one sentence each; nothing where the test passes.
std::vector<std::string> run_test(const TableTest& test, const std::vector<TableSpec>& tables);

/// "click_id: expected 'x', found NULL" and the like need a cell as text: NULL, 12, true,
/// 2026-11-20T18:52:00Z, 'text'.
std::string shown_cell(const Cell& cell, ColumnType type);

}  // namespace pixel::shipper
