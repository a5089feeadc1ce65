// SPDX-License-Identifier: Apache-2.0
// Turning a finished segment into a file of sealed/: cut, made durable, described by its manifest,
// renamed. COLD: blocks on the disk; the sealer's thread and recovery.
//
// Order, so that a data file in sealed/ always has its manifest and a crash between any two steps
// leaves what recovery completes: cut -> fdatasync -> manifest (durable) -> rename -> directories.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/hash.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "edge/log/mapped_segment.h"
#include "edge/log/spool.h"
#include "logfmt/manifest.h"

namespace pixel::edge {

/// The hash of a segment's first bytes.
struct HashedPart {
  base::Hasher128 hasher;
  std::uint64_t end = 0;  // All before it are in the hash.
};

/// A segment whose mapping is gone and whose facts are in `segment`.
struct SealJob {
  base::UniqueFd fd;
  std::filesystem::path path;
  MappedSegment segment;
  HashedPart hashed;  // What whoever followed the writer has hashed already; the rest is read.
};

struct SealFailure {
  std::string message;
  /// False after a failed fdatasync: the kernel has dropped what it could not write and a second
  /// try would succeed without it.
  bool may_retry = true;
};

/// "<distribution>.<hour>.<segment>.log" or ".manifest" in sealed/.
std::filesystem::path sealed_path(const Spool& spool, const std::string& distribution,
                                  std::int64_t first_line_at, const logfmt::SegmentId& id,
                                  logfmt::SealedName::Type type);

/// Renames the data file into sealed/ and syncs both folders. An error where the name is taken.
base::Status move_to_sealed(const Spool& spool, const std::filesystem::path& from,
                            const std::filesystem::path& to);

/// Seals a segment with lines. Idempotent: a failed job may be given again, with what it has hashed
/// by then. Returns what was written to the manifest.
base::Result<logfmt::Manifest, SealFailure> seal_segment(const Spool& spool,
                                                         const std::string& distribution,
                                                         SealJob& job);

}  // namespace pixel::edge
