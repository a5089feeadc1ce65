// SPDX-License-Identifier: Apache-2.0
// COLD: see lake_layout.h.
#include "shipper/sinks/lake/lake_layout.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "base/file.h"

namespace pixel::shipper::lake {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::size_t kNumberDigits = 10;
constexpr std::size_t kTokenDigits = 16;
constexpr std::string_view kExtension = ".parquet";

template <class Integer>
bool parse_digits(std::string_view digits, Integer& value) {
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value);
  return !digits.empty() && parsed.ec == std::errc() && parsed.ptr == end;
}

base::Status scan_partition(const fs::path& root, const std::string& partition, FileIndex& index) {
  auto names = base::list_directory(root / partition);
  if (!names) return names.error();
  std::vector<LakeFile> files;
  for (const std::string& name : *names) {
    auto file = parse_file_name(name);
    struct stat info {};
    if (!file || ::stat((root / partition / name).c_str(), &info) != 0) continue;
    file->partition = partition;
    file->bytes = static_cast<std::uint64_t>(info.st_size);
    file->changed_at = info.st_mtim.tv_sec;
    files.push_back(std::move(*file));
  }
  if (!files.empty()) index[partition] = std::move(files);
  return base::ok_status();
}

base::Status scan_table(const fs::path& root, const std::string& table, FileIndex& index) {
  auto dates = base::list_directory(root / table);
  if (!dates) return dates.error();
  for (const std::string& date : *dates) {
    if (!date.starts_with("date=")) continue;
    auto hours = base::list_directory(root / table / date);
    if (!hours) return hours.error();
    for (const std::string& hour : *hours) {
      if (!hour.starts_with("hour=")) continue;
      auto scanned = scan_partition(root, table + "/" + date + "/" + hour, index);
      if (!scanned) return scanned;
    }
  }
  return base::ok_status();
}

}  // namespace

LakePaths::LakePaths(const fs::path& lake)
    : root(lake),
      state(lake / "_pixeledge"),
      staging(state / "staging"),
      commit(state / "commit.json"),
      previous_commit(state / "commit.previous.json"),
      lock(state / "lock") {}

std::int64_t hour_of(std::int64_t time_us) noexcept {
  const std::int64_t hour = time_us / kHourUs;
  return time_us % kHourUs < 0 ? hour - 1 : hour;
}

std::string partition_name(const std::string& table, std::int64_t hour) {
  const base::CivilTime civil = base::civil_from_unix(hour * 3600);
  return fmt::format("{}/date={:04}-{:02}-{:02}/hour={:02}", table, civil.year, civil.month,
                     civil.day, civil.hour);
}

bool is_of_table(std::string_view partition, std::string_view table) noexcept {
  return partition.size() > table.size() && partition.starts_with(table) &&
         partition[table.size()] == '/';
}

std::string file_name(std::uint64_t number, std::string_view token, std::uint32_t level) {
  return fmt::format("{:010}-{}-L{}{}", number, token, level, kExtension);
}

std::optional<LakeFile> parse_file_name(std::string_view name) {
  constexpr std::size_t kLevelAt = kNumberDigits + 1 + kTokenDigits + 2;
  if (name.size() <= kLevelAt + kExtension.size() || !name.ends_with(kExtension)) {
    return std::nullopt;
  }
  if (name[kNumberDigits] != '-' || name.substr(kLevelAt - 2, 2) != "-L") return std::nullopt;
  LakeFile file;
  file.name = name;
  const auto level = name.substr(kLevelAt, name.size() - kLevelAt - kExtension.size());
  if (!parse_digits(name.substr(0, kNumberDigits), file.number)) return std::nullopt;
  if (!parse_digits(level, file.level)) return std::nullopt;
  return file;
}

base::Result<FileIndex> scan_files(const fs::path& root) {
  FileIndex index;
  auto tables = base::list_directory(root);
  if (!tables) return tables.error();
  for (const std::string& table : *tables) {
    if (table.front() == '_' || table.front() == '.' || !fs::is_directory(root / table)) continue;
    if (auto scanned = scan_table(root, table, index); !scanned) return scanned.error();
  }
  return index;
}

}  // namespace pixel::shipper::lake
