// SPDX-License-Identifier: Apache-2.0
// COLD: see lake_apply.h.
#include "shipper/sinks/lake/lake_apply.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/file.h"

namespace pixel::shipper::lake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSwapName = "swap";

bool is_there(const fs::path& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

void step(const StepHook& at_step, std::string_view name) {
  if (at_step) at_step(name);
}

base::Status remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return base::errno_error("remove", path, errno);
  }
  return base::ok_status();
}

base::Status remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return base::errno_error("remove", path, error.value());
  return base::ok_status();
}

// The folder and, as long as they are new, the names of it and its parents made durable.
base::Status create_partition(const fs::path& root, const std::string& partition) {
  fs::path folder = root / partition;
  if (is_there(folder)) return base::ok_status();
  if (auto made = base::create_directories(folder); !made) return made;
  while (folder != root) {
    folder = folder.parent_path();
    if (auto synced = base::sync_directory(folder); !synced) return synced;
  }
  return base::ok_status();
}

base::Status move_into_place(const LakePaths& paths, const AddedFile& file) {
  const fs::path staged = paths.staging / file.staged;
  const fs::path final_path = paths.root / file.partition / file.name;
  if (::rename(staged.c_str(), final_path.c_str()) == 0) return base::ok_status();
  if (errno == ENOENT && is_there(final_path)) return base::ok_status();  // Done before a crash.
  return base::errno_error("rename to", final_path, errno);
}

base::Status apply_delivery(const LakePaths& paths, const Commit& commit, const StepHook& at_step) {
  std::set<std::string> partitions;
  for (const AddedFile& file : commit.added) {
    if (auto made = create_partition(paths.root, file.partition); !made) return made;
    step(at_step, "partition made");
    if (auto moved = move_into_place(paths, file); !moved) return moved;
    step(at_step, "file renamed");
    partitions.insert(file.partition);
  }
  for (const std::string& partition : partitions) {
    if (auto synced = base::sync_directory(paths.root / partition); !synced) return synced;
    step(at_step, "partition synced");
  }
  return base::ok_status();
}

// The partition as it shall be, as hard links in staging/swap. False where links or their like are
// not to be had and the plain way must do.
base::Result<bool> build_swap(const LakePaths& paths, const Commit& commit) {
  const AddedFile& added = commit.added.front();
  const fs::path partition = paths.root / added.partition;
  const fs::path swap = paths.staging / kSwapName;
  if (auto removed = remove_tree(swap); !removed) return removed.error();
  struct stat info {};
  if (::stat(partition.c_str(), &info) != 0) return base::errno_error("read", partition, errno);
  if (::mkdir(swap.c_str(), 0700) != 0) return base::errno_error("create", swap, errno);
  if (::chmod(swap.c_str(), info.st_mode & 07777) != 0) {
    return base::errno_error("change the mode of", swap, errno);
  }
  auto names = base::list_directory(partition);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const bool leaves = std::any_of(commit.removed.begin(), commit.removed.end(),
                                    [&](const RemovedFile& file) { return file.name == name; });
    if (leaves || name == added.name) continue;
    if (::link((partition / name).c_str(), (swap / name).c_str()) != 0) return false;
  }
  if (::link((paths.staging / added.staged).c_str(), (swap / added.name).c_str()) != 0) {
    return false;
  }
  if (auto synced = base::sync_directory(swap); !synced) return synced.error();
  return true;
}

base::Result<bool> exchange(const fs::path& swap, const fs::path& partition) {
  if (::renameat2(AT_FDCWD, swap.c_str(), AT_FDCWD, partition.c_str(), RENAME_EXCHANGE) != 0) {
    return false;  // Not on this file system: the plain way will say what else is wrong.
  }
  if (auto synced = base::sync_directory(partition.parent_path()); !synced) return synced.error();
  if (auto synced = base::sync_directory(swap.parent_path()); !synced) return synced.error();
  return true;
}

// Remove, then add: never a row twice.
base::Status replace_plainly(const LakePaths& paths, const Commit& commit,
                             const StepHook& at_step) {
  for (const RemovedFile& file : commit.removed) {
    auto removed = remove_file(paths.root / file.partition / file.name);
    if (!removed) return removed;
    step(at_step, "replaced file removed");
  }
  return apply_delivery(paths, commit, at_step);
}

bool is_merged(const LakePaths& paths, const Commit& commit) {
  const AddedFile& added = commit.added.front();
  if (!is_there(paths.root / added.partition / added.name)) return false;
  return std::none_of(commit.removed.begin(), commit.removed.end(), [&](const RemovedFile& file) {
    return is_there(paths.root / file.partition / file.name);
  });
}

base::Status apply_merge(const LakePaths& paths, const Commit& commit, const StepHook& at_step) {
  const AddedFile& added = commit.added.front();
  const fs::path swap = paths.staging / kSwapName;
  if (!is_merged(paths, commit)) {
    auto built = build_swap(paths, commit);
    if (!built) return built.error();
    step(at_step, "swap built");
    base::Result<bool> swapped = false;
    if (*built) swapped = exchange(swap, paths.root / added.partition);
    if (!swapped) return swapped.error();
    if (!*swapped) {
      if (auto replaced = replace_plainly(paths, commit, at_step); !replaced) return replaced;
    }
    step(at_step, "swapped");
  }
  if (auto removed = remove_tree(swap); !removed) return removed;
  step(at_step, "replaced files removed");
  return remove_file(paths.staging / added.staged);
}

}  // namespace

base::Status apply_commit(const LakePaths& paths, const Commit& commit, const StepHook& at_step) {
  if (commit.removed.empty()) return apply_delivery(paths, commit, at_step);
  CHECK(commit.added.size() == 1);
  return apply_merge(paths, commit, at_step);
}

base::Status clear_staging(const LakePaths& paths) {
  auto names = base::list_directory(paths.staging);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (auto removed = remove_tree(paths.staging / name); !removed) return removed;
  }
  return base::ok_status();
}

}  // namespace pixel::shipper::lake
