// SPDX-License-Identifier: Apache-2.0
// See file_system.h. COLD.
#include "shipper/state/file_system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "base/unique_fd.h"

namespace pixel::shipper {
namespace {

namespace fs = std::filesystem;

// Not for the world: state holds lines, and lines hold addresses.
constexpr unsigned kMode = 0640;

class RealFile : public StateFile {
 public:
  RealFile(base::UniqueFd fd, fs::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  base::Result<std::uint64_t> size() override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return base::errno_error("stat", path_, errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

  base::Status write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t count =
          ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return base::errno_error("write", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
    return base::ok_status();
  }

  base::Status truncate(std::uint64_t bytes) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(bytes)) == 0) return base::ok_status();
    return base::errno_error("cut", path_, errno);
  }

  base::Status sync() override {
    if (::fdatasync(fd_.get()) == 0) return base::ok_status();
    return base::errno_error("sync", path_, errno);
  }

 private:
  base::UniqueFd fd_;
  const fs::path path_;
};

class RealFileSystem : public FileSystem {
 public:
  base::Result<std::optional<std::string>> read(const fs::path& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      if (errno == ENOENT) return std::optional<std::string>();
      return base::errno_error("read", path, errno);
    }
    auto content = base::read_file(path);
    if (!content) return content.error();
    return std::optional(std::move(content).value());
  }

  base::Result<std::unique_ptr<StateFile>> open(const fs::path& path, Mode mode) override {
    const int flags = O_RDWR | O_CREAT | (mode == Mode::kNew ? O_TRUNC : 0);
    auto fd = base::open_file(path, flags, kMode);
    if (!fd) return fd.error();
    return std::unique_ptr<StateFile>(new RealFile(std::move(fd).value(), path));
  }

  base::Status rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return base::ok_status();
    return base::errno_error("rename to", to, errno);
  }

  base::Status remove(const fs::path& path) override {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return base::ok_status();
    return base::errno_error("remove", path, errno);
  }

  base::Result<std::vector<std::string>> list(const fs::path& directory) override {
    struct stat info {};
    if (::stat(directory.c_str(), &info) != 0 && errno == ENOENT) return std::vector<std::string>();
    return base::list_directory(directory);
  }

  // Upwards to the first that exists: its parent's entry was made durable by whoever made it.
  base::Status create_directories(const fs::path& directory) override {
    std::vector<fs::path> parents;
    for (fs::path at = fs::absolute(directory); at.has_relative_path(); at = at.parent_path()) {
      struct stat info {};
      if (::stat(at.c_str(), &info) == 0) break;
      parents.push_back(at.parent_path());
    }
    if (auto status = base::create_directories(directory); !status) return status;
    for (const fs::path& parent : parents) {
      if (auto status = base::sync_directory(parent); !status) return status;
    }
    return base::ok_status();
  }

  base::Status sync_directory(const fs::path& directory) override {
    return base::sync_directory(directory);
  }
};

}  // namespace

FileSystem& real_file_system() {
  static RealFileSystem files;
  return files;
}

base::Status write_file_atomic(FileSystem& files, const fs::path& path, std::string_view bytes) {
  fs::path temporary = path;
  temporary += ".tmp";
  const auto write = [&]() -> base::Status {
    auto file = files.open(temporary, FileSystem::Mode::kNew);
    if (!file) return file.error();
    if (auto status = (*file)->write_at(0, bytes); !status) return status;
    if (auto status = (*file)->sync(); !status) return status;
    return files.rename(temporary, path);
  };
  if (auto status = write(); !status) {
    // What is left behind is written over by the next attempt; room on a full disk is not.
    static_cast<void>(files.remove(temporary));
    return status;
  }
  return files.sync_directory(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

}  // namespace pixel::shipper
