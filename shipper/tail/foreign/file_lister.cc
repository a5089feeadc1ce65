// SPDX-License-Identifier: Apache-2.0
// See file_lister.h.
#include "shipper/tail/foreign/file_lister.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/file.h"

namespace pixel::shipper {
namespace {

constexpr int kDepthMax = 64;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool is_folder(const dirent& entry, const std::string& path) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

bool FileLister::matches(const std::string& name) const {
  return !name.starts_with('.') && ::fnmatch(options_.pattern.c_str(), name.c_str(), 0) == 0;
}

// Watched before it is listed: what comes between shows twice rather than not at all.
void FileLister::watch(const std::string& folder) {
  if (!inotify_ || watched_.contains(folder)) return;
  constexpr std::uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY |
                                 IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR | IN_DELETE_SELF |
                                 IN_MOVE_SELF;
  const int descriptor = ::inotify_add_watch(inotify_.get(), folder.c_str(), mask);
  if (descriptor < 0) return;  // The system's limit: the listing finds it, later.
  const auto known = folders_.find(descriptor);
  if (known != folders_.end()) watched_.erase(known->second);
  folders_[descriptor] = folder;
  watched_.insert(folder);
}

// Only now can they be told apart: neither needs to be there when the settings are read.
void FileLister::follow_named_file() {
  struct stat info {};
  if (::stat(options_.directory.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) return;
  options_.pattern = options_.directory.filename().string() + "*";
  options_.directory = options_.directory.parent_path();
  options_.recursive = false;
}

base::Result<std::vector<std::string>> FileLister::list() {
  follow_named_file();
  if (!inotify_) inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  std::vector<std::string> paths;
  const std::string folder = options_.directory.string();
  if (auto status = list_folder(folder, 0, paths); !status) return status.error();
  return paths;
}

base::Status FileLister::list_folder(const std::string& folder, int depth,
                                     std::vector<std::string>& paths) {
  watch(folder);
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(folder.c_str()));
  if (directory == nullptr && errno == ENOENT) return base::ok_status();
  if (directory == nullptr) return base::errno_error("list", folder, errno);
  std::vector<std::string> folders;
  while (true) {
    errno = 0;
    const dirent* const entry = ::readdir(directory.get());
    if (entry == nullptr && errno != 0) return base::errno_error("list", folder, errno);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name.starts_with('.')) continue;
    std::string path = folder;
    path += '/';
    path += name;
    if (is_folder(*entry, path)) {
      folders.push_back(std::move(path));
    } else if (matches(name)) {
      paths.push_back(std::move(path));
    }
  }
  if (!options_.recursive || depth == kDepthMax) return base::ok_status();
  for (const std::string& inner : folders) {
    if (auto status = list_folder(inner, depth + 1, paths); !status) return status;
  }
  return base::ok_status();
}

std::vector<std::string> FileLister::take_changes(bool& needs_listing) {
  std::set<std::string> changed;
  alignas(inotify_event) char buffer[64 * 1024];
  while (inotify_) {
    const ssize_t got = ::read(inotify_.get(), buffer, sizeof buffer);
    if (got <= 0) break;
    for (ssize_t at = 0; at < got;) {
      const auto* const event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof *event + event->len);
      const auto folder = folders_.find(event->wd);
      constexpr std::uint32_t beyond = IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;
      const bool is_structure = (event->mask & beyond) != 0 || (event->mask & IN_ISDIR) != 0;
      if (is_structure) needs_listing = true;
      if ((event->mask & IN_IGNORED) != 0 && folder != folders_.end()) {
        watched_.erase(folder->second);
        folders_.erase(folder);
      } else if (!is_structure && folder != folders_.end() && event->len > 0 &&
                 matches(event->name)) {
        changed.insert(folder->second + "/" + event->name);
      }
    }
  }
  return {changed.begin(), changed.end()};
}

}  // namespace pixel::shipper
