// SPDX-License-Identifier: Apache-2.0
// What lies in a spool (or in any folder of segments), by segment, and the text of each. COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logfmt/segment_name.h"

namespace pixel::logs {

struct SegmentFiles {
  std::optional<std::filesystem::path> data;
  std::optional<std::filesystem::path> manifest;
  bool active = false;
};

struct SpoolView {
  std::map<logfmt::SegmentId, SegmentFiles> segments;
  std::vector<std::filesystem::path> boot_ledgers;
  std::vector<std::filesystem::path> control_pages;
  std::vector<std::filesystem::path> other_logs;  // *.log, *.gz, *.tsv with names of others.
};

/// Adds a folder's files by their names; of a segment that lies there twice, sealed comes before
/// active and plain before compressed.
base::Status add_directory(const std::filesystem::path& directory, SpoolView& view);

/// active/ (first, so that a segment sealed meanwhile is seen) and sealed/ below `root`.
base::Result<SpoolView> view_spool(const std::filesystem::path& root);

/// A folder with active/ and sealed/ is a spool, any other a folder of segments, a file itself.
base::Status add_path(const std::filesystem::path& path, SpoolView& view);

/// Adds the manifest that lies beside a sealed segment's file, if there is one.
void add_manifest_beside(const std::filesystem::path& path, SpoolView& view);

/// The whole text: uncompressed where the name ends with .gz, only the published part (whole lines
/// before the first NUL) where `active`.
base::Result<std::string> read_text(const std::filesystem::path& path, bool active);

/// What has been published of a plain file from `offset` on; reads little more than it returns.
base::Result<std::string> read_published_from(const std::filesystem::path& path,
                                              std::uint64_t offset);

/// Removes the last line when it has no newline: returns its bytes.
std::size_t cut_torn_tail(std::string& text);

}  // namespace pixel::logs
