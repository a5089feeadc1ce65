// SPDX-License-Identifier: Apache-2.0
// See file_facts.h.
#include "shipper/tail/foreign/file_facts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace pixel::shipper {
namespace {

std::int64_t nanoseconds(const struct statx_timestamp& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::optional<FileFacts> ask(int fd, const char* path, int flags) {
  struct statx info {};
  constexpr unsigned wanted = STATX_BASIC_STATS | STATX_BTIME;
  if (::statx(fd, path, flags, wanted, &info) != 0) return std::nullopt;
  FileFacts facts;
  facts.key.device = ::makedev(info.stx_dev_major, info.stx_dev_minor);
  facts.key.inode = info.stx_ino;
  facts.born_ns = (info.stx_mask & STATX_BTIME) != 0 ? nanoseconds(info.stx_btime) : 0;
  facts.bytes = info.stx_size;
  facts.modified_ns = nanoseconds(info.stx_mtime);
  facts.changed_ns = nanoseconds(info.stx_ctime);
  facts.is_regular = S_ISREG(info.stx_mode);
  return facts;
}

}  // namespace

std::optional<FileFacts> facts_of(int fd) { return ask(fd, "", AT_EMPTY_PATH); }

std::optional<FileFacts> facts_of(const std::filesystem::path& path) {
  return ask(AT_FDCWD, path.c_str(), 0);
}

}  // namespace pixel::shipper
