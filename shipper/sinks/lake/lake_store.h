// SPDX-License-Identifier: Apache-2.0
// The lake's commit point and the files that are there: staged files become visible by replacing
// the commit record and then renaming them. open() does the last part again for the last record,
// whatever a killed process had done of it. COLD.
//
// Threads: the sink's thread calls everything; with_files() any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "shipper/sinks/lake/lake_commit.h"
#include "shipper/sinks/lake/lake_config.h"
#include "shipper/sinks/lake/lake_layout.h"
#include "shipper/sinks/lake/lake_upload.h"

namespace pixel::shipper::lake {

class LakeStore {
 public:
  /// Both must outlive it.
  LakeStore(const LakeSettings& settings, const LakePaths& paths)
      : settings_(settings), paths_(paths) {}

  /// Takes the lock, finishes the last commit and finds the files; what `uploader` (null: none) has
  /// sent is final. May be called again after an error.
  base::Status open(Uploader* uploader);
  void close() { lock_.reset(); }

  /// The last record stored, ours or the one found.
  const Commit& committed() const noexcept { return committed_; }

  /// The commit point: afterwards the files that it adds are the lake's, though they may not lie in
  /// their places yet: apply(). After an error they are not, and are removed. REQUIRES: they are
  /// synced in staging/; the commit before is applied.
  base::Status commit(const Commit& commit);
  /// Brings the files of the last commit to their places, where they are not there already.
  base::Status apply();
  /// Removes staged files of a commit that was not made. When its record might lie on the disk all
  /// the same, they stay until the next record replaces it.
  void discard(const Commit& commit);

  /// Partitions whose files changed since the last call; all of them after open().
  std::set<std::string> take_changed();

  /// Calls visit(FileIndex&), alone.
  template <class Visit>
  decltype(auto) with_files(Visit&& visit) {
    const std::lock_guard lock(mutex_);
    return visit(index_);
  }

 private:
  base::Status take_lock();
  base::Status find_files(Uploader* uploader, bool is_previous);
  base::Status refuse_unknown_files() const;
  base::Status drop_unknown_deliveries();
  void update_index();
  void step(std::string_view name) const {
    if (settings_.at_step) settings_.at_step(name);
  }

  const LakeSettings& settings_;
  const LakePaths& paths_;
  base::UniqueFd lock_;
  Commit committed_;
  bool applied_ = true;               // Its files are in place.
  std::vector<std::string> garbage_;  // Staged files that no record needs any more.
  std::set<std::string> changed_;
  std::mutex mutex_;
  FileIndex index_;  // Guarded by mutex_.
};

}  // namespace pixel::shipper::lake
