// SPDX-License-Identifier: Apache-2.0
// What segments exist, by lane: one look at active/ and sealed/, shared by all sinks. COLD: a
// change of names costs a listing; new lines in an active segment are not its business.
//
// Writers and readers: one thread scans; any thread takes snapshots, which never change.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "logfmt/control_page.h"
#include "logfmt/segment_name.h"
#include "shipper/tail/segment_store.h"

namespace pixel::shipper {

/// The segments of one lane by index.
using LaneSegments = std::map<std::uint32_t, SegmentEntry>;

/// Segments of files that others wrote; made by the foreign sources.
struct ForeignLanes {
  /// Segments of a lane that every sink has and whose files are gone: in no lane any more.
  struct Retired {
    std::uint32_t next_index = 0;  // All before it,
    std::uint64_t lines = 0;       // with this many lines.
  };
  std::map<logfmt::LaneId, LaneSegments> lanes;
  std::map<logfmt::LaneId, Retired> retired;
};

struct CatalogueSnapshot {
  std::uint64_t version = 0;                     // Grows with every change.
  std::map<logfmt::LaneId, LaneSegments> lanes;  // Of all kinds.
  std::shared_ptr<const ForeignLanes> foreign;   // Null: none. Its lanes are in `lanes` too.
  /// By node and boot. A hint where a worker has come to.
  std::map<std::pair<std::uint16_t, std::uint32_t>, std::shared_ptr<const logfmt::ControlPage>>
      controls;

  /// The control slot of a lane's worker; null where there is none.
  const logfmt::ControlSlot* slot(const logfmt::LaneId& lane) const;
};
using SnapshotPtr = std::shared_ptr<const CatalogueSnapshot>;

class Catalogue {
 public:
  explicit Catalogue(std::filesystem::path spool);
  ~Catalogue();
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  /// Looks now; REQUIRES: not started, or called by its thread. An error where a directory cannot
  /// be listed: the snapshot stays as it was.
  base::Status scan();

  /// Replaces the foreign lanes of the snapshot. Any thread, at any time.
  void set_foreign(std::shared_ptr<const ForeignLanes> foreign);

  /// Scans on changes of names (inotify; five times a second at most) and each second, on a thread
  /// of its own. Directories that do not exist yet are waited for.
  base::Status start();
  void stop();

  SnapshotPtr snapshot() const;
  /// Returns when the version differs from `seen`, wake() was called, or the time is over.
  void wait_for_change(std::uint64_t seen, std::uint64_t timeout_ns) const;
  /// The same, but also when wake() was called since wakes() returned `wakes_seen`: who looks at
  /// other things before it waits misses no wake() in between.
  void wait_for_change(std::uint64_t seen, std::uint64_t wakes_seen,
                       std::uint64_t timeout_ns) const;
  std::uint64_t wakes() const;
  /// Ends all waits now.
  void wake();

 private:
  struct DirectoryState {
    std::int64_t changed_ns = -1;  // Its mtime at the last listing.
    bool settled = false;          // It was old enough then for later changes to differ.
  };
  void run();
  bool unchanged(const std::filesystem::path& directory, DirectoryState& state) const;
  void publish(std::shared_ptr<CatalogueSnapshot> next);
  base::Status list_active(CatalogueSnapshot& next) const;
  base::Status list_sealed(CatalogueSnapshot& next);
  void add_manifest(const logfmt::SealedName& name, const std::string& file,
                    const CatalogueSnapshot& previous, CatalogueSnapshot& next) const;
  base::Status add_data(const logfmt::SealedName& name, const std::string& file,
                        const CatalogueSnapshot& previous, CatalogueSnapshot& next);
  void watch();

  const std::filesystem::path spool_;
  mutable std::mutex mutex_;  // Guards snapshot_ and wakes_.
  mutable std::condition_variable changed_;
  SnapshotPtr snapshot_;
  std::shared_ptr<const ForeignLanes> foreign_;  // Guarded by mutex_.
  std::uint64_t wakes_ = 0;

  DirectoryState active_;  // The scanning thread's.
  DirectoryState sealed_;
  base::UniqueFd inotify_;
  base::UniqueFd stop_event_;
  int watches_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace pixel::shipper
