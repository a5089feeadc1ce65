// SPDX-License-Identifier: Apache-2.0
// See lake_store.h.
#include "shipper/sinks/lake/lake_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "shipper/sinks/lake/lake_apply.h"

namespace pixel::shipper::lake {

namespace fs = std::filesystem;

// A lock that is held is kept: open() may be tried again on the same sink.
base::Status LakeStore::take_lock() {
  if (lock_) return base::ok_status();
  auto file = base::open_file(paths_.lock, O_RDWR | O_CREAT);
  if (!file) return file.error();
  if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
    return base::Error{fmt::format("{} is open in another sink or shipper ({} is locked)",
                                   paths_.root.string(), paths_.lock.string())};
  }
  lock_ = std::move(*file);
  return base::ok_status();
}

base::Status LakeStore::open(Uploader* uploader) {
  if (auto made = base::create_directories(paths_.staging); !made) return made.error();
  if (auto locked = take_lock(); !locked) return locked;
  auto loaded = load_commit(paths_);
  if (!loaded) return loaded.error();
  committed_ = std::move(loaded->commit);
  // Of a previous record all is long done, and a later merge may have taken its files.
  if (!loaded->is_previous) {
    if (auto done = apply_commit(paths_, committed_, settings_.at_step); !done) return done;
  }
  applied_ = true;
  if (auto cleared = clear_staging(paths_); !cleared) return cleared;
  return find_files(uploader, loaded->is_previous);
}

base::Status LakeStore::find_files(Uploader* uploader, bool is_previous) {
  auto index = scan_files(paths_.root);
  if (!index) return index.error();
  const std::lock_guard lock(mutex_);
  index_ = std::move(*index);
  if (committed_.number == 0) {
    if (auto refused = refuse_unknown_files(); !refused) return refused;
  }
  if (is_previous) {
    if (auto dropped = drop_unknown_deliveries(); !dropped) return dropped;
  }
  if (uploader != nullptr) {
    if (auto opened = uploader->open(index_); !opened) return opened;
  }
  for (const auto& [partition, files] : index_) {
    changed_.insert(partition);
    // Numbers are never used twice, not even after the loss of a record.
    if (!files.empty()) committed_.number = std::max(committed_.number, files.back().number);
  }
  return base::ok_status();
}

// No file becomes visible before the first record: they are another lake's, or the records are
// lost.
base::Status LakeStore::refuse_unknown_files() const {
  for (const auto& [partition, files] : index_) {
    if (files.empty()) continue;
    return base::Error{fmt::format(
        "{} is there already, and there is no {}: restore it, or move the files away to begin anew",
        (paths_.root / partition / files.front().name).string(), paths_.commit.string())};
  }
  return base::ok_status();
}

// Only after the last record was lost to damage: what it delivered will be delivered again.
base::Status LakeStore::drop_unknown_deliveries() {
  for (auto& [partition, files] : index_) {
    for (const LakeFile& file : files) {
      if (file.number <= committed_.number || file.level != 0) continue;
      const fs::path path = paths_.root / partition / file.name;
      if (::unlink(path.c_str()) != 0) return base::errno_error("remove", path, errno);
    }
    std::erase_if(files, [this](const LakeFile& file) {
      return file.number > committed_.number && file.level == 0;
    });
  }
  return base::ok_status();
}

base::Status LakeStore::commit(const Commit& commit) {
  step("staging synced");
  if (auto stored = store_commit(paths_, commit, settings_.at_step); !stored) {
    discard(commit);
    return stored;
  }
  step("committed");
  committed_ = commit;
  applied_ = false;
  for (const std::string& name : garbage_) ::unlink((paths_.staging / name).c_str());
  garbage_.clear();
  return base::ok_status();
}

void LakeStore::discard(const Commit& commit) {
  auto loaded = load_commit(paths_);
  const bool safe = loaded && !loaded->is_previous && loaded->commit.number < commit.number;
  for (const AddedFile& file : commit.added) {
    if (safe) {
      ::unlink((paths_.staging / file.staged).c_str());
    } else {
      garbage_.push_back(file.staged);
    }
  }
  fs::path temporary = paths_.commit;
  ::unlink((temporary += ".tmp").c_str());
}

base::Status LakeStore::apply() {
  if (applied_) return base::ok_status();
  if (auto done = apply_commit(paths_, committed_, settings_.at_step); !done) return done;
  step("applied");
  applied_ = true;
  update_index();
  return base::ok_status();
}

void LakeStore::update_index() {
  const std::lock_guard lock(mutex_);
  for (const AddedFile& added : committed_.added) {
    struct stat info {};
    ::stat((paths_.root / added.partition / added.name).c_str(), &info);
    LakeFile file = parse_file_name(added.name).value_or(LakeFile{});
    file.partition = added.partition;
    file.bytes = static_cast<std::uint64_t>(info.st_size);
    file.changed_at = static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs);
    index_[added.partition].push_back(std::move(file));
    changed_.insert(added.partition);
  }
  for (const RemovedFile& removed : committed_.removed) {
    std::erase_if(index_[removed.partition],
                  [&](const LakeFile& file) { return file.name == removed.name; });
  }
}

std::set<std::string> LakeStore::take_changed() { return std::exchange(changed_, {}); }

}  // namespace pixel::shipper::lake
