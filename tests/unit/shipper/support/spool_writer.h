// SPDX-License-Identifier: Apache-2.0
// Writes a lane as the edge does: preallocated mapped segments, lines committed by their newline,
// control page, manifest, rename. For tests; one thread.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/file.h"
#include "base/hash.h"
#include "logfmt/control_page.h"
#include "logfmt/format.h"
#include "logfmt/manifest.h"
#include "logfmt/segment_name.h"

namespace pixel::shipper {

class SpoolWriter {
 public:
  SpoolWriter(std::filesystem::path spool, logfmt::LaneId lane,
              std::uint64_t segment_bytes = 1024 * 1024)
      : spool_(std::move(spool)), segment_bytes_(segment_bytes), id_{lane, 0} {
    std::filesystem::create_directories(spool_ / "active");
    std::filesystem::create_directories(spool_ / "sealed");
    open_segment();
  }
  ~SpoolWriter() { unmap(); }
  SpoolWriter(const SpoolWriter&) = delete;
  SpoolWriter& operator=(const SpoolWriter&) = delete;

  /// Publishes through `slot` from now on.
  void use_slot(logfmt::ControlSlot* slot) {
    slot_ = slot;
    publish();
  }

  /// Commits one line (with its newline); rotates when it does not fit.
  void append(std::string_view line) {
    if (position_ + line.size() > segment_bytes_) rotate();
    std::memcpy(memory_ + position_, line.data(), line.size() - 1);
    std::atomic_ref<char>(memory_[position_ + line.size() - 1])
        .store('\n', std::memory_order_release);
    position_ += line.size();
    ++lines_;
    ++total_lines_;
    publish();
  }

  /// The bytes of a line without its newline: written, not published.
  void append_torn(std::string_view part) {
    std::memcpy(memory_ + position_, part.data(), part.size());
  }

  /// Seals the segment; the next one exists before the rename, as the keeper has it.
  void rotate() {
    const auto path = active_path();
    const logfmt::SegmentId sealed_id = id_;
    const std::uint64_t bytes = position_;
    const std::uint64_t lines = lines_;
    unmap();
    ++id_.index;
    open_segment();
    seal(sealed_id, path, bytes, lines);
  }

  /// Goes on to the next segment as after a failed seal: the old one stays active.
  void abandon() {
    unmap();
    ++id_.index;
    open_segment();
  }

  /// Seals the last segment; the lane ends.
  void finish() {
    const auto path = active_path();
    unmap();
    seal(id_, path, position_, lines_);
  }

  std::filesystem::path active_path() const {
    return spool_ / "active" / logfmt::active_file_name(id_);
  }
  std::filesystem::path sealed_path(std::uint32_t index) const {
    return spool_ / "sealed" / sealed_name(index, logfmt::SealedName::Type::kData);
  }
  std::filesystem::path manifest_path(std::uint32_t index) const {
    return spool_ / "sealed" / sealed_name(index, logfmt::SealedName::Type::kManifest);
  }
  std::string sealed_name(std::uint32_t index, logfmt::SealedName::Type type) const {
    return logfmt::sealed_file_name({"EDGE", "2026-11-20-18", {id_.lane, index}, type});
  }
  const logfmt::SegmentId& segment() const { return id_; }
  std::uint64_t position() const { return position_; }
  std::uint64_t total_lines() const { return total_lines_; }

 private:
  void open_segment() {
    const int fd = ::open(active_path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    CHECK(fd >= 0);
    CHECK(::ftruncate(fd, static_cast<off_t>(segment_bytes_)) == 0);
    void* const memory = ::mmap(nullptr, segment_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(memory != MAP_FAILED);
    ::close(fd);
    memory_ = static_cast<char*>(memory);
    std::memcpy(memory_, logfmt::kAccessHeader.data(), logfmt::kAccessHeader.size());
    position_ = logfmt::kAccessHeader.size();
    lines_ = 0;
    publish();
  }

  void publish() {
    if (slot_ == nullptr) return;
    slot_->segment_index.store(id_.index, std::memory_order_release);
    slot_->lines.store(total_lines_, std::memory_order_release);
    slot_->position.store(position_, std::memory_order_release);
  }

  void unmap() {
    if (memory_ != nullptr) ::munmap(memory_, segment_bytes_);
    memory_ = nullptr;
  }

  void seal(const logfmt::SegmentId& id, const std::filesystem::path& path, std::uint64_t bytes,
            std::uint64_t lines) {
    CHECK(::truncate(path.c_str(), static_cast<off_t>(bytes)) == 0);
    logfmt::Manifest manifest;
    manifest.segment = id;
    manifest.file = sealed_name(id.index, logfmt::SealedName::Type::kData);
    manifest.lines = lines;
    manifest.bytes = bytes;
    manifest.xxh3_128 = base::hash128_hex(base::read_file(path).value());
    if (lines > 0) {
      manifest.first_sequence = total_lines_ - lines;
      manifest.last_sequence = total_lines_ - 1;
    }
    CHECK(base::write_file_atomic(manifest_path(id.index), to_json(manifest)).ok());
    std::filesystem::rename(path, sealed_path(id.index));
  }

  const std::filesystem::path spool_;
  const std::uint64_t segment_bytes_;
  logfmt::SegmentId id_;
  logfmt::ControlSlot* slot_ = nullptr;
  char* memory_ = nullptr;
  std::uint64_t position_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t total_lines_ = 0;
};

inline logfmt::LaneId test_lane(std::uint16_t worker = 0, std::uint32_t boot = 100) {
  return {logfmt::SegmentKind::kAccess, 1, boot, worker};
}

}  // namespace pixel::shipper
