// SPDX-License-Identifier: Apache-2.0
// See foreign_piece.h.
#include "shipper/tail/foreign/foreign_piece.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"

namespace pixel::shipper {
namespace {

// The verification comes after the reading: whatever truncated or overwrote the file before the
// bytes were read is seen by it.
class PieceReader : public SegmentReader {
 public:
  /// REQUIRES: place.fd is open.
  PieceReader(std::shared_ptr<const ForeignPiece> piece, PiecePlace place)
      : piece_(std::move(piece)),
        place_(std::move(place)),
        content_(open_content(place_.fd, place_.file.gzip, place_.file.path)) {}

  base::Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) override {
    const auto [extent, in_file] = piece_->extent_in_file();
    std::size_t filled = 0;
    if (offset < in_file) {
      const auto most =
          static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), in_file - offset));
      const auto got = content_->read_at(piece_->from() + offset, buffer.first(most));
      if (!got) return got.error();
      if (*got < most || !is_still_the_file()) {
        return base::Error{place_.file.path + ": was truncated or overwritten while it was read"};
      }
      filled = *got;
    }
    const bool adds_newline = extent.bytes > in_file && offset + filled == in_file;
    if (adds_newline && filled < buffer.size()) buffer[filled++] = '\n';
    return filled;
  }

 private:
  bool is_still_the_file() {
    if (!place_.file.gzip) return has_head(*content_, place_.head);
    const auto facts = facts_of(place_.fd->get());
    return facts && facts->bytes == place_.file.facts.bytes &&
           facts->modified_ns == place_.file.facts.modified_ns;
  }

  const std::shared_ptr<const ForeignPiece> piece_;
  const PiecePlace place_;
  const std::unique_ptr<SegmentReader> content_;
};

// Opens the file at the path, if it is still that one; leaves fd null where it is not.
base::Status open_place(PiecePlace& place) {
  if (place.fd != nullptr || place.file.path.empty()) return base::ok_status();
  base::UniqueFd fd(::open(place.file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return base::ok_status();
  if (!fd) return base::errno_error("open", place.file.path, errno);
  const auto facts = facts_of(fd.get());
  if (!facts || !facts->is_same_file(place.file.facts)) return base::ok_status();
  place.fd = std::make_shared<const base::UniqueFd>(std::move(fd));
  return base::ok_status();
}

}  // namespace

base::Result<std::unique_ptr<SegmentReader>> ForeignPiece::open() const {
  PiecePlace place;
  {
    const std::lock_guard lock(mutex_);
    place = place_;
  }
  if (auto status = open_place(place); !status) return status.error();
  if (place.fd == nullptr) return std::unique_ptr<SegmentReader>();
  return std::unique_ptr<SegmentReader>(new PieceReader(shared_from_this(), std::move(place)));
}

SegmentExtent ForeignPiece::extent() const {
  const std::lock_guard lock(mutex_);
  return extent_;
}

std::pair<SegmentExtent, std::uint64_t> ForeignPiece::extent_in_file() const {
  const std::lock_guard lock(mutex_);
  return {extent_, extent_.bytes - (adds_newline_ ? 1 : 0)};
}

void ForeignPiece::publish(const SegmentExtent& extent, bool adds_newline) {
  const std::lock_guard lock(mutex_);
  extent_ = extent;
  adds_newline_ = adds_newline;
}

void ForeignPiece::set_place(PiecePlace place) {
  const std::lock_guard lock(mutex_);
  place_ = std::move(place);
}

}  // namespace pixel::shipper
