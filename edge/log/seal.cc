// SPDX-License-Identifier: Apache-2.0
// COLD: see seal.h.
#include "edge/log/seal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/units.h"

namespace pixel::edge {
namespace {

namespace fs = std::filesystem;
using SealedType = logfmt::SealedName::Type;

constexpr std::size_t kHashChunkBytes = 256 * 1024;

// Read, not mapped: a page that the disk cannot give back is an error number, not SIGBUS.
base::Status hash_rest(SealJob& job) {
  const std::uint64_t bytes = job.segment.position;
  CHECK(job.hashed.end <= bytes);
  const auto chunk = std::make_unique<char[]>(kHashChunkBytes);
  while (job.hashed.end < bytes) {
    const ssize_t count =
        ::pread(job.fd.get(), chunk.get(), std::min(kHashChunkBytes, bytes - job.hashed.end),
                static_cast<off_t>(job.hashed.end));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return base::errno_error("read", job.path, count == 0 ? EIO : errno);
    job.hashed.hasher.update({chunk.get(), static_cast<std::size_t>(count)});
    job.hashed.end += static_cast<std::uint64_t>(count);
  }
  return base::ok_status();
}

logfmt::Manifest describe(const MappedSegment& segment, std::string file, std::string hash) {
  logfmt::Manifest manifest;
  manifest.segment = segment.id;
  manifest.file = std::move(file);
  manifest.lines = segment.lines;
  manifest.bytes = segment.position;
  manifest.first_sequence = segment.first_sequence;
  manifest.last_sequence = segment.first_sequence + segment.lines - 1;
  manifest.xxh3_128 = std::move(hash);
  manifest.reason = segment.reason;
  manifest.sealed_at = static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs);
  return manifest;
}

}  // namespace

fs::path sealed_path(const Spool& spool, const std::string& distribution,
                     std::int64_t first_line_at, const logfmt::SegmentId& id, SealedType type) {
  return spool.sealed() /
         logfmt::sealed_file_name({distribution, logfmt::hour_text(first_line_at), id, type});
}

base::Status move_to_sealed(const Spool& spool, const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (fs::exists(to, error)) {
    return base::Error{fmt::format("{} exists: {} stays where it is", to.string(), from.string())};
  }
  if (::rename(from.c_str(), to.c_str()) != 0) return base::errno_error("rename to", to, errno);
  if (auto synced = base::sync_directory(spool.sealed()); !synced) return synced;
  return base::sync_directory(spool.active());
}

base::Result<logfmt::Manifest, SealFailure> seal_segment(const Spool& spool,
                                                         const std::string& distribution,
                                                         SealJob& job) {
  const MappedSegment& segment = job.segment;
  CHECK(segment.lines > 0);
  if (::ftruncate(job.fd.get(), static_cast<off_t>(segment.position)) != 0) {
    return SealFailure{base::errno_error("cut", job.path, errno).message, true};
  }
  if (::fdatasync(job.fd.get()) != 0) {
    return SealFailure{base::errno_error("sync", job.path, errno).message, false};
  }
  if (const auto hashed = hash_rest(job); !hashed) {
    return SealFailure{hashed.error().message, false};
  }
  const auto named = [&](SealedType type) {
    return sealed_path(spool, distribution, segment.first_line_at, segment.id, type);
  };
  const fs::path data = named(SealedType::kData);
  const auto manifest = describe(segment, data.filename().string(), job.hashed.hasher.hex());
  auto written = base::write_file_atomic(named(SealedType::kManifest), to_json(manifest));
  if (!written) return SealFailure{written.error().message, true};
  // Not tried again: either the name is taken, or the rename itself may have happened.
  auto moved = move_to_sealed(spool, job.path, data);
  if (!moved) return SealFailure{moved.error().message, false};
  return manifest;
}

}  // namespace pixel::edge
