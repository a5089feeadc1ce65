// SPDX-License-Identifier: Apache-2.0
// A lake in a directory of its own, and the eyes of a foreign reader: a DuckDB that globs it.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "shipper/sinks/duckdb/duckdb_handle.h"
#include "shipper/sinks/lake/lake_layout.h"
#include "shipper/sinks/lake/lake_sink.h"
#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper::testing {

class LakeTest : public ::testing::Test {
 protected:
  LakeTest() {
    settings_.path = directory_.path() / "lake";
    settings_.merge_files = 4;
    settings_.query_threads = 1;
  }

  std::unique_ptr<Sink> make_sink(std::vector<ColumnSpec> columns = test_columns()) {
    return create_lake_sink({testing::table_of(std::move(columns))}, settings_);
  }
  static std::string ask(Sink& sink, std::string_view sql) {
    auto answer = sink.query(sql);
    return answer ? answer->json : "error: " + answer.error().message;
  }

  /// What any reader sees: the first row of the answer as texts, or one error text.
  std::vector<std::string> glob(const std::string& select, const std::string& rest = "") const {
    auto database = duckdb::Database::open(":memory:", {{"threads", "1"}});
    auto connection = database.value().connect();
    auto table = connection.value().read_texts(
        fmt::format("SELECT {} FROM read_parquet('{}/requests/*/*/*.parquet', "
                    "hive_partitioning = true, union_by_name = true) {}",
                    select, settings_.path.string(), rest));
    if (!table) return {table.error().message};
    std::vector<std::string> values;
    for (const auto& value : table->rows.at(0)) values.push_back(value.value_or("NULL"));
    return values;
  }
  /// Rows, distinct rows and the highest number plus one, seen by glob. Zeros without files.
  std::vector<std::string> counts() const {
    if (files().empty()) return {"0", "0", "0"};
    return glob(
        "CAST(count(*) AS VARCHAR), CAST(count(DISTINCT _offset) AS VARCHAR), "
        "CAST(max(_offset) + 1 AS VARCHAR)");
  }
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    const auto table = settings_.path / "requests";
    if (!std::filesystem::exists(table)) return found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(table)) {
      if (entry.is_regular_file()) found.push_back(entry.path().lexically_relative(table).string());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  std::size_t staged_count() const {
    const std::filesystem::directory_iterator staging(settings_.path / "_pixeledge/staging");
    return static_cast<std::size_t>(std::distance(begin(staging), end(staging)));
  }

  /// Runs maintain() until there is nothing left to merge.
  void settle(Sink& sink) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!is_settled() && std::chrono::steady_clock::now() < end) {
      sink.maintain();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(is_settled());
  }

  /// No level of any partition has enough files for a merge, and none is on its way.
  bool is_settled() const {
    std::map<std::string, std::uint32_t> counts;
    for (const std::string& path : files()) {
      const auto file = lake::parse_file_name(path.substr(path.rfind('/') + 1));
      if (!file) continue;
      const std::string level = settings_.close_ns == 0 ? "" : std::to_string(file->level);
      ++counts[path.substr(0, path.rfind('/') + 1) + level];
    }
    const std::uint32_t enough = settings_.close_ns == 0 ? 2 : settings_.merge_files;
    return staged_count() == 0 && std::all_of(counts.begin(), counts.end(), [&](const auto& count) {
             return count.second < enough;
           });
  }

  TemporaryDirectory directory_;
  LakeSettings settings_;
};

}  // namespace pixel::shipper::testing
