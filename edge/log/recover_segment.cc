// SPDX-License-Identifier: Apache-2.0
// COLD: see recover_segment.h.
#include "edge/log/recover_segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/units.h"
#include "edge/log/line_facts.h"
#include "edge/log/seal.h"
#include "logfmt/segment_scan.h"

namespace pixel::edge {
namespace {

namespace fs = std::filesystem;
using SealedType = logfmt::SealedName::Type;

// The segment while it is worked on. `text` is its content as it will be sealed.
struct Work {
  const RecoveryOptions& options;
  logfmt::SegmentId id;
  const std::vector<std::string>& sealed_names;
  fs::path path;
  base::UniqueFd fd;
  std::string text;
  logfmt::RecoveryScan scan;
  LineFacts facts;

  void step_done() const {
    if (options.after_step) options.after_step();
  }
};

base::Status cut(const Work& work, std::uint64_t bytes) {
  if (::ftruncate(work.fd.get(), static_cast<off_t>(bytes)) != 0) {
    return base::errno_error("cut", work.path, errno);
  }
  return base::ok_status();
}

// Reads the file and gives back the blocks of its NUL tail at once: on a full disk the manifest
// needs them. Nothing is lost: recovery counts bytes other than NUL only.
base::Status read_and_trim(Work& work) {
  auto fd = base::open_file(work.path, O_RDWR);
  if (!fd) return fd.error();
  work.fd = std::move(*fd);
  auto text = base::read_file(work.path);
  if (!text) return text.error();
  work.text = std::move(text).value();
  work.text.resize(work.text.find_last_not_of('\0') + 1);
  auto trimmed = cut(work, work.text.size());
  work.step_done();
  return trimmed;
}

// Makes `text` what the sealed file will be. Positions of whole lines do not move.
void clean_text(Work& work) {
  work.scan = logfmt::scan_for_recovery(work.text);
  for (const logfmt::TornRange& hole : work.scan.holes) {
    logfmt::fill_hole(work.text.data(), hole);
  }
  work.text.resize(work.scan.published_end);
  work.facts = read_line_facts(work.text, work.id.lane, work.options.cipher);
}

std::int64_t modified_at(const Work& work) {
  struct stat info {};
  return ::fstat(work.fd.get(), &info) == 0 ? info.st_mtim.tv_sec : 0;
}

// Where the lane's manifests up to now end: for a first line whose id cannot be decoded.
std::uint64_t sequence_after_earlier(const Work& work) {
  std::uint64_t next = 0;
  std::optional<logfmt::SegmentId> best;
  for (const std::string& name : work.sealed_names) {
    const auto parsed = logfmt::parse_sealed_file_name(name);
    if (!parsed || parsed->type != SealedType::kManifest) continue;
    const logfmt::SegmentId& other = parsed->segment;
    if (other.lane != work.id.lane || other.index >= work.id.index) continue;
    if (best && other.index < best->index) continue;
    const auto json = base::read_file(work.options.spool.sealed() / name);
    if (!json) continue;
    const auto manifest = logfmt::parse_manifest(*json);
    if (!manifest || manifest->lines == 0) continue;
    best = other;
    next = manifest->last_sequence + 1;
  }
  return next;
}

logfmt::Manifest describe(const Work& work, const std::string& file) {
  logfmt::Manifest manifest;
  manifest.segment = work.id;
  manifest.file = file;
  manifest.lines = work.facts.lines;
  manifest.bytes = work.text.size();
  manifest.first_sequence =
      work.facts.first_sequence ? *work.facts.first_sequence : sequence_after_earlier(work);
  manifest.last_sequence = manifest.first_sequence + work.facts.lines - 1;
  if (!work.scan.holes.empty() && work.facts.last_sequence) {
    manifest.last_sequence = std::max(manifest.first_sequence, *work.facts.last_sequence);
  }
  manifest.xxh3_128 = base::hash128_hex(work.text);
  manifest.reason = logfmt::SealReason::kRecovered;
  manifest.sealed_at = static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs);
  manifest.torn_tail_bytes = work.scan.torn_tail_bytes;
  manifest.holes = work.scan.holes.size();
  for (const auto& hole : work.scan.holes) manifest.hole_bytes += hole.end - hole.begin;
  return manifest;
}

// The manifest is kept if it already describes this content: written by the dead process just
// before it would have renamed the file, or by a recovery that was killed.
base::Result<logfmt::Manifest> ensure_manifest(const Work& work, const fs::path& path,
                                               const std::string& file) {
  const logfmt::Manifest made = describe(work, file);
  if (const auto json = base::read_file(path)) {
    const auto present = logfmt::parse_manifest(*json);
    if (present && present->bytes == made.bytes && present->xxh3_128 == made.xxh3_128) {
      return *present;
    }
  }
  auto written = base::write_file_atomic(path, to_json(made));
  if (!written) return written.error();
  work.step_done();
  return made;
}

// A manifest under another name (the distribution was renamed between two starts) has no file.
void remove_stale_manifests(const Work& work, const fs::path& current) {
  for (const std::string& name : work.sealed_names) {
    const auto parsed = logfmt::parse_sealed_file_name(name);
    if (!parsed || parsed->type != SealedType::kManifest || parsed->segment != work.id) continue;
    const fs::path path = work.options.spool.sealed() / name;
    if (path != current) ::unlink(path.c_str());
  }
}

base::Status write_clean_file(const Work& work) {
  // pwrite, not a mapping: a block that cannot be written is an error number, not SIGBUS.
  for (const logfmt::TornRange& hole : work.scan.holes) {
    for (std::uint64_t at = hole.begin; at < hole.end;) {
      const ssize_t count =
          ::pwrite(work.fd.get(), work.text.data() + at, hole.end - at, static_cast<off_t>(at));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return base::errno_error("write", work.path, errno);
      at += static_cast<std::uint64_t>(count);
    }
    work.step_done();
  }
  if (auto done = cut(work, work.scan.published_end); !done) return done;
  work.step_done();
  if (::fdatasync(work.fd.get()) != 0) return base::errno_error("sync", work.path, errno);
  return base::ok_status();
}

base::Result<RecoveredSegment> discard(Work& work) {
  if (::unlink(work.path.c_str()) != 0) return base::errno_error("remove", work.path, errno);
  work.step_done();
  RecoveredSegment result;
  result.discarded = true;
  result.manifest.torn_tail_bytes = work.scan.torn_tail_bytes;
  return result;
}

}  // namespace

base::Result<RecoveredSegment> recover_segment(const RecoveryOptions& options,
                                               const logfmt::SegmentId& id,
                                               const std::vector<std::string>& sealed_names) {
  Work work{options, id, sealed_names, options.spool.active() / logfmt::active_file_name(id),
            {},      {}, {},           {}};
  if (auto read = read_and_trim(work); !read) return read.error();
  clean_text(work);
  if (work.facts.lines == 0) return discard(work);
  const std::int64_t at = work.facts.first_line_at ? *work.facts.first_line_at : modified_at(work);
  const auto named = [&](SealedType type) {
    return sealed_path(options.spool, options.distribution, at, id, type);
  };
  const fs::path data = named(SealedType::kData);
  const fs::path manifest_path = named(SealedType::kManifest);
  auto manifest = ensure_manifest(work, manifest_path, data.filename().string());
  if (!manifest) return manifest.error();
  remove_stale_manifests(work, manifest_path);
  if (auto written = write_clean_file(work); !written) return written.error();
  if (auto moved = move_to_sealed(options.spool, work.path, data); !moved) return moved.error();
  work.step_done();
  return RecoveredSegment{false, *manifest};
}

}  // namespace pixel::edge
