// SPDX-License-Identifier: Apache-2.0
// See id_file.h. HOT: add.
#include "tools/pixel_load/id_file.h"

#include <fcntl.h>

#include <charconv>

#include "base/file.h"

namespace pixel::load {

base::Result<IdFile> IdFile::open(const std::filesystem::path& path) {
  auto fd = base::open_file(path, O_WRONLY | O_CREAT | O_APPEND);
  if (!fd) return fd.error();
  return IdFile(std::move(*fd), path);
}

void IdWriter::add(std::uint64_t seq) {
  if (file_ == nullptr) return;
  char line[21];
  char* const end = std::to_chars(line, line + sizeof line - 1, seq).ptr;
  *end = '\n';
  buffer_.append(line, static_cast<std::size_t>(end + 1 - line));
}

void IdWriter::flush(std::uint64_t now_ns) {
  due_ns_ = now_ns + kFlushIntervalNs;
  if (buffer_.empty()) return;
  base::Status written = base::write_all(file_->fd(), buffer_, file_->path());
  if (!written && status_.ok()) status_ = written.error();
  buffer_.clear();
}

}  // namespace pixel::load
