// SPDX-License-Identifier: Apache-2.0
// What the kernel says of a file without reading it. COLD. Source: statx(2).
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace pixel::shipper {

/// Which inode. The birth time tells a deleted one from its successor of the same number; 0 on
/// file systems that keep none.
struct FileKey {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  auto operator<=>(const FileKey&) const = default;
};

struct FileFacts {
  FileKey key;
  std::int64_t born_ns = 0;
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;  // Of the inode: a rename counts.
  bool is_regular = false;
  bool operator==(const FileFacts&) const = default;

  /// The same inode of the same birth.
  bool is_same_file(const FileFacts& other) const noexcept {
    return key == other.key && born_ns == other.born_ns;
  }
};

/// Of an open file; nothing where the kernel gives an error (errno says which).
std::optional<FileFacts> facts_of(int fd);
/// Of the file that a path leads to, symbolic links followed.
std::optional<FileFacts> facts_of(const std::filesystem::path& path);

/// Nanoseconds from then to now; 0 where then is still to come, as file times of others may be.
inline std::uint64_t age_ns(std::int64_t now_ns, std::int64_t then_ns) noexcept {
  return now_ns > then_ns ? static_cast<std::uint64_t>(now_ns - then_ns) : 0;
}

}  // namespace pixel::shipper
