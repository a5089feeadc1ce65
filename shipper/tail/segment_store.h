// SPDX-License-Identifier: Apache-2.0
// Where segments lie and how their bytes are read: the seam below the follower. FileStore is the
// spool on disk; a simulation brings its own. One sink's thread per store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "logfmt/manifest.h"
#include "logfmt/segment_name.h"

namespace pixel::shipper {

/// How much of a segment there is to read.
struct SegmentExtent {
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
};

class SegmentReader;

/// Where the bytes of a segment come from that is no file of the spool. Any thread.
class SegmentOrigin {
 public:
  virtual ~SegmentOrigin() = default;
  /// As SegmentStore::open.
  virtual base::Result<std::unique_ptr<SegmentReader>> open() const = 0;
  /// Grows while the segment is active: by whole lines, unless one is longer than a chunk.
  virtual SegmentExtent extent() const = 0;
};

/// What exists of one segment.
struct SegmentEntry {
  enum class Place : std::uint8_t {
    kActive,      // Being written, or left by a killed writer.
    kSealed,      // Complete: `bytes` is its size.
    kCompressed,  // Complete, .log.gz: `bytes` is 0, its end is found by reading.
    kGone,        // Only the manifest is left.
  };
  Place place = Place::kActive;
  std::uint64_t bytes = 0;
  std::string file;            // Of its data, in sealed/; "" otherwise.
  std::string manifest;        // In sealed/; "" where there is none.
  std::int64_t sealed_at = 0;  // Unix seconds: the data file's (or manifest's) last change.
  std::shared_ptr<const SegmentOrigin> origin;  // Null: a file of the spool.
  bool operator==(const SegmentEntry&) const = default;
};

/// An open segment. Stays readable when the file is renamed or deleted.
class SegmentReader {
 public:
  virtual ~SegmentReader() = default;
  /// Up to buffer.size() bytes from `offset`; 0 at or beyond the end. Blocks.
  virtual base::Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) = 0;
};

class SegmentStore {
 public:
  virtual ~SegmentStore() = default;
  /// An error where the file cannot be opened; a null pointer where it has just been renamed or
  /// deleted (the next look at the catalogue tells which).
  virtual base::Result<std::unique_ptr<SegmentReader>> open(const logfmt::SegmentId& segment,
                                                            const SegmentEntry& entry) = 0;
  /// REQUIRES: entry.manifest is not empty, or entry.origin is not null.
  virtual base::Result<logfmt::Manifest> manifest(const SegmentEntry& entry) = 0;
};

/// The files of spool/active and spool/sealed.
class FileStore : public SegmentStore {
 public:
  explicit FileStore(std::filesystem::path spool) : spool_(std::move(spool)) {}
  base::Result<std::unique_ptr<SegmentReader>> open(const logfmt::SegmentId& segment,
                                                    const SegmentEntry& entry) override;
  base::Result<logfmt::Manifest> manifest(const SegmentEntry& entry) override;

 private:
  std::filesystem::path spool_;
};

std::filesystem::path active_directory(const std::filesystem::path& spool);
std::filesystem::path sealed_directory(const std::filesystem::path& spool);

}  // namespace pixel::shipper
