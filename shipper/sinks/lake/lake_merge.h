// SPDX-License-Identifier: Apache-2.0
// Against the flood of small files: which files of a partition become one, and the thread that
// writes it. Levels keep the work logarithmic: a row is written again once per level, and a level
// holds `merge_files` times the rows of the one below. COLD.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "shipper/sinks/lake/lake_config.h"
#include "shipper/sinks/lake/lake_encoder.h"
#include "shipper/sinks/lake/lake_layout.h"

namespace pixel::shipper::lake {

struct MergePlan {
  std::vector<LakeFile> inputs;  // Of one partition, by number.
  std::uint32_t level = 0;       // Of the file that they become.
  bool operator==(const MergePlan& other) const;
};

/// The next merge of a partition, or nothing. While it grows: merge_files small files of one level,
/// the lowest first. Unchanged for close_ns: all its small files, up to the target's bytes.
/// Small means below half the target. Pure.
std::optional<MergePlan> plan_merge(const std::vector<LakeFile>& partition,
                                    const LakeSettings& settings, std::int64_t now);

/// True while a partition has files that a later merge could take. Pure.
bool may_merge(const std::vector<LakeFile>& partition, const LakeSettings& settings);

/// Places of the files that no merge will ever take if they are made final now: large ones, and
/// those of a partition that is closed and has nothing left to merge. Pure.
std::vector<std::size_t> finished_files(const std::vector<LakeFile>& partition,
                                        const LakeSettings& settings, std::int64_t now);

/// Writes one merged file at a time on a thread of its own. Used by one thread.
class Merger {
 public:
  explicit Merger(std::uint64_t memory_bytes) : memory_bytes_(memory_bytes) {}
  ~Merger() { stop(); }
  Merger(const Merger&) = delete;
  Merger& operator=(const Merger&) = delete;

  /// REQUIRES: !busy().
  void start(MergePlan plan, const std::filesystem::path& root,
             const std::filesystem::path& output);
  bool busy() const noexcept { return thread_.joinable(); }
  bool finished() const noexcept { return finished_.load(std::memory_order_acquire); }
  /// The plan when its file is there, synced. REQUIRES: busy() and finished().
  base::Result<MergePlan> take();
  /// Ends what runs; its file may be left half written.
  void stop();

 private:
  void run(const std::vector<std::filesystem::path>& inputs, const std::filesystem::path& output);

  const std::uint64_t memory_bytes_;
  MergePlan plan_;
  base::Status result_ = base::ok_status();  // The thread's until finished_ is set (release).
  std::optional<LakeEncoder> encoder_;
  std::atomic<bool> finished_{false};
  std::thread thread_;
};

}  // namespace pixel::shipper::lake
