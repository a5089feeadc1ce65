// SPDX-License-Identifier: Apache-2.0
// See lake_upload_log.h. COLD.
#include "shipper/sinks/lake/lake_upload_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/hash.h"

namespace pixel::shipper::lake {
namespace {

constexpr std::size_t kSumBytes = 16;

std::string line_of(std::string_view file, bool is_done) {
  const std::string rest = fmt::format("{} {}", is_done ? "done" : "begin", file);
  return fmt::format("{:016x} {}\n", base::hash64(rest), rest);
}

bool read_line(std::string_view line, UploadLog::Files& files) {
  const std::string_view rest = line.size() > kSumBytes ? line.substr(kSumBytes + 1) : "";
  for (const std::string_view word : {"begin ", "done "}) {
    if (!rest.starts_with(word)) continue;
    const std::string_view file = rest.substr(word.size());
    const bool is_done = word == "done ";
    if (line_of(file, is_done) != std::string(line) + "\n") return false;
    bool& known = files[std::string(file)];
    known = known || is_done;
    return true;
  }
  return false;
}

}  // namespace

UploadLog::Loaded parse_upload_log(std::string_view text) {
  UploadLog::Loaded loaded;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    if (newline == std::string_view::npos) break;  // Cut off while it was written.
    if (!read_line(text.substr(0, newline), loaded.files)) loaded.is_damaged = true;
    text.remove_prefix(newline + 1);
  }
  return loaded;
}

base::Status UploadLog::open_end() {
  auto fd = base::open_file(path_, O_WRONLY | O_CREAT | O_APPEND, 0640);
  if (!fd) return fd.error();
  fd_ = std::move(*fd);
  return base::sync_directory(path_.parent_path());
}

base::Result<UploadLog::Loaded> UploadLog::open() {
  if (!std::filesystem::exists(path_)) {
    if (auto opened = open_end(); !opened) return opened.error();
    return Loaded{};
  }
  const auto text = base::read_file(path_);
  if (!text) return text.error();
  Loaded loaded = parse_upload_log(*text);
  // Also takes a cut line away, which the next one would otherwise be glued to.
  if (auto written = rewrite(loaded.files); !written) return written.error();
  return loaded;
}

base::Status UploadLog::rewrite(const Files& files) {
  std::string text;
  for (const auto& [file, is_done] : files) text += line_of(file, is_done);
  fd_.reset();
  if (auto written = base::write_file_atomic(path_, text, 0640); !written) return written;
  return open_end();
}

base::Status UploadLog::add(std::string_view file, bool is_done) {
  if (!fd_) {
    // After a failed write the end may be half a line: read, and begin anew.
    if (auto opened = open(); !opened) return opened.error();
  }
  auto written = base::write_all(fd_.get(), line_of(file, is_done), path_);
  if (written && ::fdatasync(fd_.get()) != 0) written = base::errno_error("sync", path_, errno);
  if (!written) fd_.reset();
  return written;
}

}  // namespace pixel::shipper::lake
