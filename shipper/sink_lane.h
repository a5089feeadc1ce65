// SPDX-License-Identifier: Apache-2.0
// One sink of the running shipper with all it needs: its files, its pipeline, its thread. COLD.
#pragma once

#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>

#include "base/units.h"
#include "shipper/accepted_loss.h"
#include "shipper/config.h"
#include "shipper/deliver/dead_letter.h"
#include "shipper/deliver/dispatcher.h"
#include "shipper/deliver/journal.h"
#include "shipper/deliver/pipeline.h"
#include "shipper/deliver/runner.h"
#include "shipper/letter_box.h"
#include "shipper/sinks/sink.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/lane_kinds.h"
#include "shipper/tail/segment_store.h"

namespace pixel::shipper {

/// So long a sink that is to end may deliver what it read.
inline constexpr std::uint64_t kSinkStopGraceNs = 20 * base::kSecondNs;

struct SinkLane {
  /// Nothing runs yet. `once`: it gives up after ten failures in a row.
  SinkLane(const Config& config, const SinkConfig& sink_config, Catalogue& catalogue, bool once);

  const std::string& name() const { return pipeline.options().name; }
  bool is_open() const { return !closed && pipeline.status().delivered != nullptr; }

  /// Ends the thread, which has kSinkStopGraceNs, and closes the sink, once nobody reads from it.
  void end();

  const SinkConfig settings;
  std::unique_ptr<Sink> sink;
  FileStore store;
  DeadLetterFile dead_letters;
  Journal journal;  // Used where the sink keeps no checkpoint.
  const LaneKinds wanted;
  const ResolvedCounts resolved;  // Grows only while the lane rests.
  std::unique_ptr<Dispatcher> dispatcher;
  Pipeline pipeline;
  Runner runner;
  std::shared_mutex in_use;  // Shared by who asks the sink; alone by who closes it.
  bool closed = false;       // Guarded by in_use.
};

}  // namespace pixel::shipper
