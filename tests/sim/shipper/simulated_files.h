// SPDX-License-Identifier: Apache-2.0
// A disk in memory, for the shipper's state files. Fault model:
//
//  - A kill loses nothing that was written; it comes before or after any call.
//  - A power loss keeps of the bytes written since a file's last good sync any set of sectors (512
//    bytes): others are as they were, or NUL where nothing was. The length is any between the
//    durable and the last one.
//  - A sync that fails may have dropped what it should have written: no later sync writes it
//    ("fsyncgate"), yet reads go on returning it until the power goes.
//  - Names (creations, renames, removals) of a directory become durable with its sync, or else any
//    number of them in their order. Syncing a file does not make its name durable.
//  - Any call may fail, without effect, with a part of it (a write), or after it (a rename, a sync
//    of a directory). A full disk refuses what needs room for as long as it is full.
//  - Bytes do not change by themselves (journal_test.cc changes each one).
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shipper/state/file_system.h"
#include "tests/sim/shipper/faults.h"

namespace pixel::sim {

class SimulatedFiles : public shipper::FileSystem {
 public:
  using Path = std::filesystem::path;
  explicit SimulatedFiles(Faults& faults) : faults_(&faults) {}

  base::Result<std::optional<std::string>> read(const Path& path) override {
    if (auto status = attempt("read", path, false); !status) return status.error();
    const auto found = names_.find(path.string());
    if (found == names_.end()) return std::optional<std::string>();
    return std::optional(found->second->now);
  }

  base::Result<std::unique_ptr<shipper::StateFile>> open(const Path& path, Mode mode) override {
    if (auto status = attempt("open", path, true); !status) return status.error();
    auto& inode = names_[path.string()];
    if (inode == nullptr) {
      inode = std::make_shared<Inode>();
      pending_.push_back({path.parent_path().string(), {{path.string(), inode}}});
    } else if (mode == Mode::kNew) {
      inode->now.clear();
    }
    faults_->point();
    return std::unique_ptr<shipper::StateFile>(new File(*this, inode, path));
  }

  base::Status rename(const Path& from, const Path& to) override {
    if (auto status = attempt("rename", from, true); !status) return status;
    const auto found = names_.find(from.string());
    if (found == names_.end()) return base::Error{"rename: no such file " + from.string()};
    const auto inode = found->second;
    names_.erase(found);
    names_[to.string()] = inode;
    pending_.push_back(
        {to.parent_path().string(), {{from.string(), nullptr}, {to.string(), inode}}});
    faults_->point();
    return attempt("rename", to, false);
  }

  base::Status remove(const Path& path) override {
    if (auto status = attempt("remove", path, false); !status) return status;
    if (names_.erase(path.string()) > 0) {
      pending_.push_back({path.parent_path().string(), {{path.string(), nullptr}}});
    }
    faults_->point();
    return base::ok_status();
  }

  base::Result<std::vector<std::string>> list(const Path& directory) override {
    if (auto status = attempt("list", directory, false); !status) return status.error();
    std::vector<std::string> names;
    for (const auto& [name, inode] : names_) {
      const Path path(name);
      if (path.parent_path() == directory) names.push_back(path.filename().string());
    }
    return names;
  }

  base::Status create_directories(const Path& directory) override {
    return attempt("create", directory, true);
  }

  base::Status sync_directory(const Path& directory) override {
    if (auto status = attempt("sync", directory, true); !status) return status;
    std::vector<Change> others;
    for (Change& change : pending_) {
      if (change.directory == directory.string()) {
        apply(change);
      } else {
        others.push_back(std::move(change));
      }
    }
    pending_ = std::move(others);
    faults_->point();
    return attempt("sync", directory, false);
  }

  /// What of all this the next process finds.
  void lose_power() {
    std::map<std::string, bool> is_over;  // By directory: later changes are lost.
    for (const Change& change : pending_) {
      bool& over = is_over[change.directory];
      over = over || faults_->prng.chance(1, 3);
      if (!over) apply(change);
    }
    pending_.clear();
    names_ = durable_names_;
    for (auto& [name, inode] : names_) {
      // The old process's handle, if it still had one, is of another inode now.
      auto after = std::make_shared<Inode>();
      after->now = after->durable = surviving(*inode);
      inode = std::move(after);
    }
    durable_names_ = names_;
  }

  /// Without any fault: what the file holds now.
  std::string content(const Path& path) const {
    const auto found = names_.find(path.string());
    return found == names_.end() ? std::string() : found->second->now;
  }

 private:
  static constexpr std::size_t kSectorBytes = 512;
  struct Inode {
    std::string now;
    std::string durable;
    std::vector<std::pair<std::size_t, std::size_t>> dirty;  // [from, to) since the last sync.
  };
  using InodePtr = std::shared_ptr<Inode>;
  struct Change {
    std::string directory;
    std::vector<std::pair<std::string, InodePtr>> names;  // Null: the name is gone.
  };

  class File : public shipper::StateFile {
   public:
    File(SimulatedFiles& files, InodePtr inode, Path path)
        : files_(files), inode_(std::move(inode)), path_(std::move(path)) {}
    base::Result<std::uint64_t> size() override {
      if (auto status = files_.attempt("stat", path_, false); !status) return status.error();
      return inode_->now.size();
    }
    base::Status write_at(std::uint64_t offset, std::string_view bytes) override {
      auto status = files_.attempt("write", path_, true);
      // A part may be there nevertheless.
      if (!status) bytes = bytes.substr(0, files_.faults_->prng.below(bytes.size() + 1));
      put(offset, bytes);
      files_.faults_->point();
      return status;
    }
    base::Status truncate(std::uint64_t bytes) override {
      if (auto status = files_.attempt("cut", path_, false); !status) return status;
      inode_->now.resize(bytes, '\0');
      files_.faults_->point();
      return base::ok_status();
    }
    base::Status sync() override {
      if (auto status = files_.attempt("sync", path_, true); !status) {
        if (files_.faults_->prng.chance(1, 2)) inode_->dirty.clear();
        return status;
      }
      write_back(*inode_);
      files_.faults_->point();
      return base::ok_status();
    }

   private:
    void put(std::uint64_t offset, std::string_view bytes) {
      if (bytes.empty()) return;
      std::string& now = inode_->now;
      if (now.size() < offset + bytes.size()) now.resize(offset + bytes.size(), '\0');
      now.replace(offset, bytes.size(), bytes);
      inode_->dirty.emplace_back(offset, offset + bytes.size());
    }
    SimulatedFiles& files_;
    const InodePtr inode_;
    const Path path_;
  };

  static void write_back(Inode& inode) {
    inode.durable.resize(inode.now.size(), '\0');
    for (const auto& [from, to] : inode.dirty) {
      const std::size_t end = std::min(to, inode.now.size());
      for (std::size_t i = from; i < end; ++i) inode.durable[i] = inode.now[i];
    }
    inode.dirty.clear();
  }

  std::string surviving(const Inode& inode) {
    std::string bytes = inode.durable;
    const std::size_t low = std::min(inode.durable.size(), inode.now.size());
    const std::size_t high = std::max(inode.durable.size(), inode.now.size());
    bytes.resize(high, '\0');
    // All, nothing, or a mixture.
    const std::uint64_t kept = faults_->prng.below(3);
    for (std::size_t sector = 0; sector < high; sector += kSectorBytes) {
      const bool is_written = kept == 2 ? faults_->prng.chance(1, 2) : kept == 1;
      for (const auto& [from, to] : inode.dirty) {
        const std::size_t begin = std::max(from, sector);
        const std::size_t end = std::min({to, sector + kSectorBytes, inode.now.size()});
        for (std::size_t i = begin; is_written && i < end; ++i) bytes[i] = inode.now[i];
      }
    }
    switch (faults_->prng.below(3)) {
      case 0:
        bytes.resize(inode.durable.size());
        break;
      case 1:
        bytes.resize(inode.now.size());
        break;
      default:
        bytes.resize(low + faults_->prng.below(high - low + 1));
    }
    return bytes;
  }

  void apply(const Change& change) {
    for (const auto& [name, inode] : change.names) {
      if (inode == nullptr) {
        durable_names_.erase(name);
      } else {
        durable_names_[name] = inode;
      }
    }
  }

  base::Status attempt(std::string_view what, const Path& path, bool needs_room) {
    faults_->point();
    const bool is_full = needs_room && faults_->disk_full;
    if (!is_full && !faults_->roll(faults_->disk_one_in)) return base::ok_status();
    return base::Error{"cannot " + std::string(what) + " " + path.string() +
                       (is_full ? ": No space left on device" : ": Input/output error")};
  }

  Faults* faults_;
  std::map<std::string, InodePtr> names_;
  std::map<std::string, InodePtr> durable_names_;
  std::vector<Change> pending_;
};

}  // namespace pixel::sim
