// SPDX-License-Identifier: Apache-2.0
// COLD: see file.h.
#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace pixel::base {

namespace fs = std::filesystem;

Error errno_error(std::string_view action, const fs::path& path, int error_number) {
  return Error{fmt::format("cannot {} {}: {}", action, path.string(), std::strerror(error_number))};
}

Result<UniqueFd> open_file(const fs::path& path, int flags, unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return errno_error((flags & O_CREAT) != 0 ? "create" : "open", path, errno);
  return UniqueFd(fd);
}

Result<std::string> read_file(const fs::path& path) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  std::string content;
  struct stat info {};
  if (::fstat(file->get(), &info) == 0 && info.st_size > 0) {
    content.reserve(static_cast<std::size_t>(info.st_size));
  }
  char buffer[65536];
  while (true) {
    const ssize_t count = ::read(file->get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read", path, errno);
    if (count == 0) return content;
    content.append(buffer, static_cast<std::size_t>(count));
  }
}

Status write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return ok_status();
}

namespace {

// O_EXCL after unlink: what a crash left behind lends the new file neither its bytes nor its mode.
Status write_new_file(const fs::path& path, std::string_view bytes, unsigned mode) {
  ::unlink(path.c_str());
  auto file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!file) return file.error();
  if (auto written = write_all(file->get(), bytes, path); !written) return written;
  if (::fdatasync(file->get()) != 0) return errno_error("sync", path, errno);
  return ok_status();
}

}  // namespace

Status write_file_atomic(const fs::path& path, std::string_view bytes, unsigned mode) {
  fs::path temporary = path;
  temporary += ".tmp";
  Status status = write_new_file(temporary, bytes, mode);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = errno_error("rename to", path, errno);
  }
  if (!status) {
    ::unlink(temporary.c_str());
    return status;
  }
  return sync_directory(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

Status sync_directory(const fs::path& directory) {
  auto opened = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (!opened) return opened.error();
  if (::fsync(opened->get()) != 0) return errno_error("sync", directory, errno);
  return ok_status();
}

Status create_directories(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return errno_error("create", directory, error.value());
  return ok_status();
}

Status check_writable(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::path existing = directory;
  while (!std::filesystem::exists(existing, error) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  if (existing.empty()) existing = ".";
  if (!std::filesystem::is_directory(existing, error)) {
    return Error{existing.string() + " is no directory"};
  }
  if (::access(existing.c_str(), W_OK | X_OK) == 0) return ok_status();
  return errno_error("write to", existing, errno);
}

Result<std::vector<std::string>> list_directory(const fs::path& directory) {
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  if (error) return errno_error("read", directory, error.value());
  std::vector<std::string> names;
  while (entry != fs::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
    if (error) return errno_error("read", directory, error.value());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace pixel::base
