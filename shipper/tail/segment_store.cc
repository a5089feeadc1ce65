// SPDX-License-Identifier: Apache-2.0
// See segment_store.h. Plain segments are read with pread, never mapped: a cut or a disk error is
// then an error value and not a signal.
#include "shipper/tail/segment_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/unique_fd.h"
#include "shipper/tail/gzip_reader.h"

namespace pixel::shipper {
namespace {

class PlainReader : public SegmentReader {
 public:
  PlainReader(base::UniqueFd fd, std::filesystem::path path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  base::Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) override {
    while (true) {
      const ssize_t got =
          ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return base::errno_error("read", path_, errno);
    }
  }

 private:
  base::UniqueFd fd_;
  std::filesystem::path path_;
};

}  // namespace

std::filesystem::path active_directory(const std::filesystem::path& spool) {
  return spool / "active";
}
std::filesystem::path sealed_directory(const std::filesystem::path& spool) {
  return spool / "sealed";
}

base::Result<std::unique_ptr<SegmentReader>> FileStore::open(const logfmt::SegmentId& segment,
                                                             const SegmentEntry& entry) {
  if (entry.origin != nullptr) return entry.origin->open();
  const auto path = entry.file.empty()
                        ? active_directory(spool_) / logfmt::active_file_name(segment)
                        : sealed_directory(spool_) / entry.file;
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::unique_ptr<SegmentReader>();
  if (!fd) return base::errno_error("open", path, errno);
  if (entry.place == SegmentEntry::Place::kCompressed) {
    return std::unique_ptr<SegmentReader>(new GzipReader(std::move(fd), path));
  }
  return std::unique_ptr<SegmentReader>(new PlainReader(std::move(fd), path));
}

base::Result<logfmt::Manifest> FileStore::manifest(const SegmentEntry& entry) {
  if (entry.origin != nullptr) {
    const SegmentExtent extent = entry.origin->extent();
    logfmt::Manifest known;
    known.lines = extent.lines;
    known.bytes = extent.bytes;
    return known;
  }
  const auto path = sealed_directory(spool_) / entry.manifest;
  const auto text = base::read_file(path);
  if (!text) return text.error();
  auto manifest = logfmt::parse_manifest(*text);
  if (!manifest) return base::Error{path.string() + ": " + manifest.error().message};
  return manifest;
}

}  // namespace pixel::shipper
