// SPDX-License-Identifier: Apache-2.0
// One segment as a file in active/: created, given its blocks, mapped. COLD: the keeper's thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "edge/log/durability.h"
#include "edge/log/mapped_segment.h"
#include "edge/log/spool.h"

namespace pixel::edge {

/// The keeper's half of a segment. The mapping lives until unmap_segment.
struct SegmentFile {
  base::UniqueFd fd;
  std::filesystem::path path;
  MappedSegment mapped;
};

/// Why a segment could not be made; `error_number` is errno.
struct SegmentFileError {
  int error_number = 0;
  std::string message;
  /// The disk or quota is full: trying again later makes sense.
  bool disk_full() const noexcept;
};

/// What a standby segment may not take from the disk: place for manifests, the books and the
/// shipper's last batch when everything else is full.
inline constexpr std::uint64_t kReservedBytes = 1024 * 1024;

/// A segment has this name's end until it is whole: a follower never opens one that is given up,
/// and no segment's name is used twice.
inline constexpr std::string_view kUnnamedSuffix = ".tmp";

/// Creates active/<id>.seg.tmp with `capacity` bytes of real blocks (so that a full disk is an
/// error here and never SIGBUS in a worker), copy-on-write switched off on btrfs, maps it and
/// writes the header lines of an access segment. With kDisk the mapping is private memory instead,
/// from which the worker writes (disk_lane.h). Leaves nothing behind on error.
base::Result<SegmentFile, SegmentFileError> create_segment_file(const Spool& spool,
                                                                const logfmt::SegmentId& id,
                                                                std::uint64_t capacity,
                                                                Durability durability);

/// Gives it its name, active/<id>.seg. 0, or errno.
int name_segment_file(SegmentFile& file);

/// Unmaps and removes one that is not needed.
void discard_segment_file(SegmentFile& file) noexcept;

void unmap_segment(MappedSegment& segment) noexcept;

/// Bytes that an unprivileged process may still take on the spool's file system; 0 where unknown.
std::uint64_t free_bytes(const std::filesystem::path& directory) noexcept;

}  // namespace pixel::edge
