// SPDX-License-Identifier: Apache-2.0
// All foreign sources of a shipper: looks at their files on a thread of its own, keeps the registry
// and gives the catalogue their lanes. COLD.
//
// Writers and readers: one look at a time (mutex_); the catalogue is told after the registry is
// durable, so no sink ever reads what a restart would not know.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "shipper/deliver/checkpoint.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/foreign/file_lister.h"
#include "shipper/tail/foreign/foreign_source.h"
#include "shipper/tail/foreign/registry.h"
#include "shipper/tail/foreign/source_options.h"

namespace pixel::shipper {

class ForeignSources {
 public:
  /// `catalogue` outlives it. `state`: the shipper's state directory.
  ForeignSources(std::vector<SourceOptions> options, const std::filesystem::path& state,
                 Catalogue& catalogue);
  ~ForeignSources();
  ForeignSources(const ForeignSources&) = delete;
  ForeignSources& operator=(const ForeignSources&) = delete;

  /// Reads the registry and looks at everything once; what is found is in the catalogue when it
  /// returns. Without sources it does nothing. REQUIRES: the caller holds the instance lock.
  base::Status open();
  /// For `--once`: looks again until time alone decides about no file any more.
  base::Status settle();
  /// Goes on looking, until stop().
  base::Status start();
  void stop();

  /// `checkpoints`: of every sink. What all of them have is forgotten in time, or deleted where
  /// that is configured. Any thread.
  void settle_delivered(const std::vector<const Checkpoint*>& checkpoints);

  /// {"sources":[{"name":...,"files":[...],"pieces":[...]}]}: which segment is which part of which
  /// file. Any thread.
  std::string to_json() const;
  /// Prometheus families of the sources; "" without any. Any thread.
  std::string metrics() const;
  /// What is wrong now, for operators: the registry cannot be written, a folder not be read.
  std::string trouble() const;

 private:
  struct Source {
    explicit Source(const SourceOptions& options) : lister(options) {}
    FileLister lister;
    std::unique_ptr<ForeignSource> files;
    std::uint64_t listed_ns = 0;
    bool needs_listing = true;
  };
  base::Status look(bool at_everything);
  void look_at(Source& source, bool at_everything, const ForeignSource::Times& times);
  base::Status record_and_publish();
  void run();
  int wait_ms() const;

  const std::vector<SourceOptions> options_;
  Catalogue& catalogue_;
  mutable std::mutex mutex_;  // Guards all below but the thread's own.
  Registry registry_;
  ForeignBooks books_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::string trouble_;
  std::map<logfmt::LaneId, Position> settled_;  // As of the last settle_delivered().
  std::uint64_t settled_ns_ = 0;
  base::UniqueFd stop_event_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace pixel::shipper
