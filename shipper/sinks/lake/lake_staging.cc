// SPDX-License-Identifier: Apache-2.0
// See lake_staging.h.
#include "shipper/sinks/lake/lake_staging.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/file.h"

namespace pixel::shipper::lake {
namespace {

std::map<std::int64_t, std::vector<std::uint32_t>> split_by_hour(const CellColumn& times) {
  std::map<std::int64_t, std::vector<std::uint32_t>> hours;
  std::vector<std::uint32_t>* selection = nullptr;
  std::int64_t current = 0;
  for (std::uint32_t row = 0; row < times.size(); ++row) {
    // A row without a time lies in the first hour of all: readers expect dates as folder names, and
    // Hive's own name for NULL is none to most of them.
    const std::int64_t hour = times[row].null ? 0 : hour_of(times[row].integer);
    if (selection == nullptr || hour != current) {
      selection = &hours[hour];
      current = hour;
    }
    selection->push_back(row);
  }
  return hours;
}

}  // namespace

std::string Staging::new_name(std::string_view prefix, std::uint64_t commit_number) {
  return fmt::format("{}{:010}-{}", prefix, commit_number, ++names_);
}

base::Status Staging::stage_table(const TableSpec& table, const RowBlock& rows,
                                  const std::string& token, Commit& commit) {
  const std::size_t time_column = table.find(ColumnSource::kRequestTime);
  for (const auto& [hour, selection] : split_by_hour(rows.columns[time_column])) {
    const AddedFile& file = commit.added.emplace_back(
        AddedFile{new_name("", commit.number), partition_name(table.name, hour),
                  file_name(commit.number, token, 0)});
    auto encoded = encoder_->encode(table.columns, rows, selection, paths_.staging / file.staged);
    if (!encoded) return encoded;
    if (settings_.at_step) settings_.at_step("file staged");
  }
  return base::ok_status();
}

base::Status Staging::stage(const std::vector<RowBlock>& rows, const std::string& token,
                            Commit& commit) {
  if (!encoder_) {
    auto encoder = LakeEncoder::create(settings_.memory_bytes);
    if (!encoder) return encoder.error();
    encoder_.emplace(std::move(*encoder));
  }
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (auto staged = stage_table(tables_[i], rows[i], token, commit); !staged) return staged;
  }
  if (commit.added.empty()) return base::ok_status();
  return base::sync_directory(paths_.staging);
}

}  // namespace pixel::shipper::lake
