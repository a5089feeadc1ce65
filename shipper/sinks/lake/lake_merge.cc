// SPDX-License-Identifier: Apache-2.0
// COLD: see lake_merge.h.
#include "shipper/sinks/lake/lake_merge.h"

#include <algorithm>
#include <chrono>
#include <map>

namespace pixel::shipper::lake {
namespace {

// What a merge may take.
bool is_small(const LakeFile& file, const LakeSettings& settings) {
  return !file.is_final && file.bytes < settings.target_bytes / 2;
}

// The first files whose bytes together stay within the target.
std::vector<LakeFile> within_target(const std::vector<LakeFile>& files,
                                    const LakeSettings& settings) {
  std::vector<LakeFile> taken;
  std::uint64_t bytes = 0;
  for (const LakeFile& file : files) {
    bytes += file.bytes;
    if (bytes > settings.target_bytes && taken.size() >= 2) break;
    taken.push_back(file);
  }
  return taken;
}

}  // namespace

bool MergePlan::operator==(const MergePlan& other) const {
  return level == other.level &&
         std::equal(inputs.begin(), inputs.end(), other.inputs.begin(), other.inputs.end(),
                    [](const LakeFile& a, const LakeFile& b) {
                      return a.partition == b.partition && a.name == b.name;
                    });
}

std::optional<MergePlan> plan_merge(const std::vector<LakeFile>& partition,
                                    const LakeSettings& settings, std::int64_t now) {
  std::map<std::uint32_t, std::vector<LakeFile>> levels;
  std::vector<LakeFile> small;
  std::int64_t changed_at = 0;
  for (const LakeFile& file : partition) {
    changed_at = std::max(changed_at, file.changed_at);
    if (!is_small(file, settings)) continue;
    levels[file.level].push_back(file);
    small.push_back(file);
  }
  for (const auto& [level, files] : levels) {
    if (files.size() >= settings.merge_files) {
      return MergePlan{within_target(files, settings), level + 1};
    }
  }
  const auto close_seconds = static_cast<std::int64_t>(settings.close_ns / base::kSecondNs);
  if (small.size() < 2 || now - changed_at < close_seconds) return std::nullopt;
  return MergePlan{within_target(small, settings), levels.rbegin()->first + 1};
}

bool may_merge(const std::vector<LakeFile>& partition, const LakeSettings& settings) {
  return std::count_if(partition.begin(), partition.end(),
                       [&](const LakeFile& file) { return is_small(file, settings); }) >= 2;
}

std::vector<std::size_t> finished_files(const std::vector<LakeFile>& partition,
                                        const LakeSettings& settings, std::int64_t now) {
  std::int64_t changed_at = 0;
  for (const LakeFile& file : partition) changed_at = std::max(changed_at, file.changed_at);
  const auto close_seconds = static_cast<std::int64_t>(settings.close_ns / base::kSecondNs);
  const bool is_closed =
      now - changed_at >= close_seconds && !plan_merge(partition, settings, now).has_value();
  std::vector<std::size_t> finished;
  for (std::size_t i = 0; i < partition.size(); ++i) {
    const bool is_done = is_closed || !is_small(partition[i], settings);
    if (!partition[i].is_final && is_done) finished.push_back(i);
  }
  return finished;
}

void Merger::start(MergePlan plan, const std::filesystem::path& root,
                   const std::filesystem::path& output) {
  CHECK(!busy());
  std::vector<std::filesystem::path> inputs;
  for (const LakeFile& file : plan.inputs) inputs.push_back(root / file.partition / file.name);
  plan_ = std::move(plan);
  finished_.store(false, std::memory_order_relaxed);
  // A fresh one each time: between merges its memory belongs to others.
  auto encoder = LakeEncoder::create(memory_bytes_);
  if (!encoder) {
    result_ = encoder.error();
    encoder_.reset();
  } else {
    result_ = base::ok_status();
    encoder_.emplace(std::move(*encoder));
  }
  thread_ = std::thread([this, inputs = std::move(inputs), output] { run(inputs, output); });
}

void Merger::run(const std::vector<std::filesystem::path>& inputs,
                 const std::filesystem::path& output) {
  if (encoder_) result_ = encoder_->merge(inputs, output);
  finished_.store(true, std::memory_order_release);
}

base::Result<MergePlan> Merger::take() {
  CHECK(busy() && finished());
  thread_.join();
  encoder_.reset();
  if (!result_) return result_.error();
  return std::move(plan_);
}

void Merger::stop() {
  if (!busy()) return;
  // An interrupt between two statements of the merge is lost; so ask until it has ended.
  while (!finished()) {
    if (encoder_) encoder_->interrupt();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  thread_.join();
  encoder_.reset();
}

}  // namespace pixel::shipper::lake
