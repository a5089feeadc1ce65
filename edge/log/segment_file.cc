// SPDX-License-Identifier: Apache-2.0
// COLD: see segment_file.h.
#include "edge/log/segment_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/file.h"
#include "edge/log/pages.h"
#include "logfmt/format.h"

namespace pixel::edge {
namespace {

// On btrfs a fallocated block is written elsewhere at its second write: with a full disk that is
// SIGBUS. FS_NOCOW_FL before the first byte keeps blocks in place.
void switch_off_copy_on_write(int fd) {
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0 || info.f_type != BTRFS_SUPER_MAGIC) return;
  int flags = 0;
  if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) return;
  flags |= FS_NOCOW_FL;
  ::ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

int write_zeros(int fd, std::uint64_t bytes) {
  const std::vector<char> zeros(std::min<std::uint64_t>(bytes, 1024 * 1024));
  for (std::uint64_t at = 0; at < bytes;) {
    const std::uint64_t wanted = std::min<std::uint64_t>(zeros.size(), bytes - at);
    const ssize_t count = ::pwrite(fd, zeros.data(), wanted, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    at += static_cast<std::uint64_t>(count);
  }
  return 0;
}

// File systems without fallocate (some network and layered ones) get real zeros instead.
int reserve_blocks(int fd, std::uint64_t bytes) {
  int result = 0;
  do {
    result = ::fallocate(fd, 0, 0, static_cast<off_t>(bytes)) == 0 ? 0 : errno;
  } while (result == EINTR);
  if (result == EOPNOTSUPP || result == ENOSYS) return write_zeros(fd, bytes);
  return result;
}

// An address range that begins at a huge page's boundary; nothing is mapped there yet.
char* reserve_aligned(std::uint64_t bytes) {
  void* const memory = ::mmap(nullptr, bytes + kHugePageBytes, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  char* const begin = static_cast<char*>(memory);
  const std::uint64_t before =
      (kHugePageBytes - reinterpret_cast<std::uintptr_t>(begin) % kHugePageBytes) % kHugePageBytes;
  if (before != 0) ::munmap(begin, before);
  ::munmap(begin + before + (bytes + page_bytes() - 1) / page_bytes() * page_bytes(),
           kHugePageBytes - before);
  return begin + before;
}

// Aligned and advised, so that file systems with large folios (ext4 since Linux 6.16, XFS) back it
// with huge pages: a MiB is ready for writing in 120 us of the keeper's time instead of 320.
// Elsewhere the advice changes nothing.
int map_file(SegmentFile& file, std::uint64_t capacity, Durability durability) {
  const bool shared = durability == Durability::kProcess;
  char* const place = capacity >= kHugePageBytes ? reserve_aligned(capacity) : nullptr;
  const int flags = (shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE) |
                    (place != nullptr ? MAP_FIXED : 0);
  void* const memory =
      ::mmap(place, capacity, PROT_READ | PROT_WRITE, flags, shared ? file.fd.get() : -1, 0);
  if (memory == MAP_FAILED) {
    const int error = errno;
    if (place != nullptr) ::munmap(place, capacity);
    return error;
  }
  if (place != nullptr) {
    ::madvise(memory, capacity, MADV_HUGEPAGE);
    // One huge page at a time: unasked the kernel makes those behind it ready too, in one piece of
    // more than a millisecond.
    if (shared) ::madvise(memory, capacity, MADV_RANDOM);
  }
  file.mapped.base = static_cast<char*>(memory);
  file.mapped.capacity = capacity;
  return 0;
}

int fill(SegmentFile& file, std::uint64_t capacity, Durability durability) {
  switch_off_copy_on_write(file.fd.get());
  if (const int error = reserve_blocks(file.fd.get(), capacity); error != 0) return error;
  // The header goes in by write(2): should even this fail, it is an error number here.
  if (file.mapped.id.lane.kind == logfmt::SegmentKind::kAccess) {
    const std::string_view header = logfmt::kAccessHeader;
    const ssize_t count = ::pwrite(file.fd.get(), header.data(), header.size(), 0);
    if (count != static_cast<ssize_t>(header.size())) return count < 0 ? errno : ENOSPC;
    file.mapped.position = header.size();
  }
  return map_file(file, capacity, durability);
}

SegmentFileError describe(const std::filesystem::path& path, int error_number) {
  return {error_number, base::errno_error("create segment", path, error_number).message};
}

}  // namespace

bool SegmentFileError::disk_full() const noexcept {
  return error_number == ENOSPC || error_number == EDQUOT;
}

base::Result<SegmentFile, SegmentFileError> create_segment_file(const Spool& spool,
                                                                const logfmt::SegmentId& id,
                                                                std::uint64_t capacity,
                                                                Durability durability) {
  SegmentFile file;
  file.path = spool.active() / (logfmt::active_file_name(id) + std::string(kUnnamedSuffix));
  file.mapped.id = id;
  const std::uint64_t free = free_bytes(spool.active());
  if (free != 0 && free < capacity + kReservedBytes) return describe(file.path, ENOSPC);
  const int fd = ::open(file.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return describe(file.path, errno);
  file.fd.reset(fd);
  if (const int error = fill(file, capacity, durability); error != 0) {
    ::unlink(file.path.c_str());
    return describe(file.path, error);
  }
  return file;
}

int name_segment_file(SegmentFile& file) {
  std::filesystem::path named = file.path;
  named.replace_extension();  // Takes the suffix away.
  if (::renameat2(AT_FDCWD, file.path.c_str(), AT_FDCWD, named.c_str(), RENAME_NOREPLACE) != 0 &&
      (errno != EINVAL || ::rename(file.path.c_str(), named.c_str()) != 0)) {
    return errno;
  }
  file.path = std::move(named);
  return 0;
}

void discard_segment_file(SegmentFile& file) noexcept {
  unmap_segment(file.mapped);
  ::unlink(file.path.c_str());
}

void unmap_segment(MappedSegment& segment) noexcept {
  if (segment.base != nullptr) ::munmap(segment.base, segment.capacity);
  segment.base = nullptr;
}

std::uint64_t free_bytes(const std::filesystem::path& directory) noexcept {
  struct statvfs info {};
  if (::statvfs(directory.c_str(), &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace pixel::edge
