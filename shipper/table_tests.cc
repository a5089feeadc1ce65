// SPDX-License-Identifier: Apache-2.0
// See table_tests.h: running them. COLD.
#include "shipper/table_tests.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <optional>

#include "base/clock.h"
#include "shipper/decode/table_decoder.h"
#include "shipper/decode/values.h"

namespace pixel::shipper {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

std::string shown_time(std::int64_t us) {
  const std::int64_t fraction = ((us % kSecondUs) + kSecondUs) % kSecondUs;
  std::string text = base::format_iso8601((us - fraction) / kSecondUs);
  if (fraction != 0) text.insert(text.size() - 1, fmt::format(".{:06}", fraction));
  return text;
}

std::string shown(const base::ConfigScalar& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return fmt::format("'{}'", *text);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  return fmt::format("{}", std::get<double>(value));
}

bool equals(const Cell& cell, ColumnType type, const base::ConfigScalar& value) {
  if (cell.null) return false;
  const auto* const text = std::get_if<std::string>(&value);
  const auto* const integer = std::get_if<std::int64_t>(&value);
  const auto* const real = std::get_if<double>(&value);
  const auto* const flag = std::get_if<bool>(&value);
  if (is_text(type)) return text != nullptr && cell.text() == *text;
  switch (type) {
    case ColumnType::kInteger:
      return integer != nullptr && cell.integer == *integer;
    case ColumnType::kBoolean:
      return flag != nullptr && (cell.integer != 0) == *flag;
    case ColumnType::kTimestamp:
      return text != nullptr && parse_timestamp(*text) == std::optional(cell.integer);
    default: {
      const double wanted = real != nullptr      ? *real
                            : integer != nullptr ? static_cast<double>(*integer)
                                                 : std::nan("");
      return std::abs(cell.real - wanted) <= 1e-9 * std::max(1.0, std::abs(wanted));
    }
  }
}

// All lines of a test through one decoder, and what is not as expected.
class TestRun {
 public:
  TestRun(const TableTest& test, const std::vector<TableSpec>& tables)
      : test_(test), tables_(tables) {}

  std::vector<std::string> run() {
    decode();
    if (test_.outcome == TableTest::Outcome::kRows) {
      compare_rows();
      for (const DeadLetter& letter : letters_) {
        say("a line is a dead letter: {}", letter.reason);
      }
    } else if (test_.outcome == TableTest::Outcome::kFiltered) {
      if (counts_.filtered != counts_.lines) {
        say("expected that no table takes {} lines, found {} that none takes", counts_.lines,
            counts_.filtered);
      }
      explain();
    } else {
      compare_letters();
    }
    return std::move(faults_);
  }

 private:
  template <class... Values>
  void say(fmt::format_string<Values...> format, Values&&... values) {
    faults_.push_back(fmt::format(format, std::forward<Values>(values)...));
  }

  void decode() {
    TableDecoder decoder(tables_);
    decoder.shape(blocks_);
    std::map<logfmt::SegmentKind, std::string> texts;
    for (const auto& [kind, line] : test_.lines) texts[kind] += line + "\n";
    for (const auto& [kind, text] : texts) {
      const std::string_view kept = arena_.copy(text);
      const DecodeCounts counts = decoder.decode({{kind, 0, 0, 0}, 0}, 0, kept, blocks_, letters_);
      counts_.lines += counts.lines;
      counts_.filtered += counts.filtered;
      counts_.dead_lettered += counts.dead_lettered;
    }
    if (counts_.lines != test_.lines.size()) {
      say("{} of the {} lines are comments or empty", test_.lines.size() - counts_.lines,
          test_.lines.size());
    }
  }

  void compare_rows() {
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      std::size_t row = 0;
      for (const ExpectedRow& expected : test_.rows) {
        if (expected.table != tables_[i].name) continue;
        if (row < blocks_[i].row_count) compare_row(expected, i, row);
        ++row;
      }
      if (row != blocks_[i].row_count) {
        say("table {}: expected {} rows, found {}", tables_[i].name, row, blocks_[i].row_count);
      }
    }
  }

  void compare_row(const ExpectedRow& expected, std::size_t table, std::size_t row) {
    const TableSpec& spec = tables_[table];
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
      const Cell& cell = blocks_[table].columns[i][row];
      const ColumnSpec& column = spec.columns[i];
      const auto differs = [&](const std::string& wanted) {
        say("table {}, row {}: {}: expected {}, found {}", spec.name, row + 1, column.name, wanted,
            shown_cell(cell, column.type));
      };
      for (const auto& [name, value] : expected.values) {
        if (name == column.name && !equals(cell, column.type, value)) differs(shown(value));
      }
      for (const std::string& name : expected.nulls) {
        if (name == column.name && !cell.null) differs("NULL");
      }
    }
  }

  void compare_letters() {
    if (counts_.dead_lettered != counts_.lines) {
      say("expected {} dead letters, found {}", counts_.lines, counts_.dead_lettered);
    }
    for (const DeadLetter& letter : letters_) {
      if (letter.reason.find(test_.reason) == std::string::npos) {
        say("expected a reason with '{}', found '{}'", test_.reason, letter.reason);
      }
    }
    explain();
  }

  // What became of lines that should have become nothing.
  void explain() {
    if (faults_.empty()) return;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      if (blocks_[i].row_count > 0) {
        say("table {} has {} rows", tables_[i].name, blocks_[i].row_count);
      }
    }
    if (test_.outcome == TableTest::Outcome::kDeadLetter) return;
    for (const DeadLetter& letter : letters_) say("a line is a dead letter: {}", letter.reason);
  }

  const TableTest& test_;
  const std::vector<TableSpec>& tables_;
  TextArena arena_;
  std::vector<RowBlock> blocks_;
  std::vector<DeadLetter> letters_;
  DecodeCounts counts_;
  std::vector<std::string> faults_;
};

}  // namespace

std::string shown_cell(const Cell& cell, ColumnType type) {
  if (cell.null) return "NULL";
  if (is_text(type)) return fmt::format("'{}'", cell.text());
  if (type == ColumnType::kDouble) return fmt::format("{}", cell.real);
  if (type == ColumnType::kBoolean) return cell.integer != 0 ? "true" : "false";
  if (type == ColumnType::kTimestamp) return shown_time(cell.integer);
  return fmt::format("{}", cell.integer);
}

std::vector<std::string> run_test(const TableTest& test, const std::vector<TableSpec>& tables) {
  return TestRun(test, tables).run();
}

}  // namespace pixel::shipper
