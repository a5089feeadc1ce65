// SPDX-License-Identifier: Apache-2.0
// Segments in plain memory and the fixed parts of a worker, shared by all worlds.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "edge/http/route.h"
#include "edge/worker.h"
#include "logfmt/control_page.h"
#include "tests/sim/world.h"

namespace pixel::sim {

/// Everything a worker borrows. Lives as long as its worker.
class WorkerFixture {
 public:
  explicit WorkerFixture(const WorldOptions& options);

  edge::WorkerOptions options;  // Without listeners and backend.
  edge::SegmentSupply supply;
  logfmt::ControlSlot slot{};

  void offer_segment();
  /// Published lines of all segments so far.
  std::vector<std::string> lines() const;

 private:
  edge::RouteTable routes_;
  logfmt::RequestIdCipher cipher_;
  std::uint64_t segment_bytes_;
  std::vector<std::unique_ptr<char[]>> segments_;
};

}  // namespace pixel::sim
