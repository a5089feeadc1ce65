// SPDX-License-Identifier: Apache-2.0
// Segments and the fixed parts of a worker, shared by all worlds. Segments are plain memory; where
// answers wait for the disk each has a file beside it, and followers see that.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "edge/worker.h"
#include "logfmt/control_page.h"
#include "tests/sim/world.h"

namespace pixel::sim {

/// Everything a worker borrows. Lives as long as its worker.
class WorkerFixture {
 public:
  explicit WorkerFixture(const WorldOptions& options);
  ~WorkerFixture();
  WorkerFixture(const WorkerFixture&) = delete;
  WorkerFixture& operator=(const WorkerFixture&) = delete;

  edge::WorkerOptions options;  // Without listeners and backend.

  /// Gives the worker a segment for lines and one for events.
  void offer_segment();
  /// Published lines of all segments so far.
  std::vector<std::string> lines() const { return access_.lines(); }
  std::vector<std::string> events() const { return events_.lines(); }

 private:
  /// One lane's supply, control slot and segments.
  struct Lane {
    logfmt::SegmentKind kind = logfmt::SegmentKind::kAccess;
    std::uint64_t segment_bytes = 0;
    edge::SegmentSupply supply;
    logfmt::ControlSlot slot{};
    std::vector<std::unique_ptr<char[]>> segments;
    std::filesystem::path folder;  // Of their files; empty: none.
    std::vector<const char*> files;

    ~Lane();
    void offer();
    void collect();
    void make_file(const logfmt::SegmentId& id);
    std::vector<std::string> lines() const;
  };

  logfmt::RequestIdCipher cipher_;
  std::filesystem::path folder_;
  base::UniqueFd folder_fd_;
  Lane access_;
  Lane events_;
};

}  // namespace pixel::sim
