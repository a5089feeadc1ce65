// SPDX-License-Identifier: Apache-2.0
// Where everything of a lake lies, and what its names say. COLD; pure but for scan_files.
//
//   <path>/requests/date=2026-11-20/hour=18/0000000123-89abcdef01234567-L0.parquet
//   <path>/_pixeledge/{commit.json,commit.previous.json,lock,staging/}
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pixel::shipper::lake {

struct LakePaths {
  explicit LakePaths(const std::filesystem::path& lake);

  std::filesystem::path root;   // A folder per table below it.
  std::filesystem::path state;  // Outside of the tables: no glob of a reader meets it.
  std::filesystem::path staging;
  std::filesystem::path commit;
  std::filesystem::path previous_commit;
  std::filesystem::path lock;
};

/// A file of a table. Its name never changes and is never used again.
struct LakeFile {
  std::string partition;  // "requests/date=2026-11-20/hour=18"
  std::string name;
  std::uint64_t number = 0;  // Of the commit that made it visible.
  std::uint32_t level = 0;   // 0 as delivered; n + 1 merged from files of level n.
  std::uint64_t bytes = 0;
  std::int64_t changed_at = 0;  // Unix seconds.
  bool is_final = false;        // It was uploaded, or is about to be: never merged.
};

/// By partition; within it by number.
using FileIndex = std::map<std::string, std::vector<LakeFile>>;

/// The hour that a request falls into, from its time in microseconds; hours before 1970 count down.
std::int64_t hour_of(std::int64_t time_us) noexcept;
/// "requests/date=2026-11-20/hour=18" of an hour.
std::string partition_name(const std::string& table, std::int64_t hour);
/// True for a partition of that table.
bool is_of_table(std::string_view partition, std::string_view table) noexcept;

/// "0000000123-89abcdef01234567-L0.parquet". REQUIRES: token is 16 hexadecimal digits.
std::string file_name(std::uint64_t number, std::string_view token, std::uint32_t level);
/// number and level of such a name; nothing for a file that is not ours.
std::optional<LakeFile> parse_file_name(std::string_view name);

/// Every file of ours in all tables.
base::Result<FileIndex> scan_files(const std::filesystem::path& root);

}  // namespace pixel::shipper::lake
