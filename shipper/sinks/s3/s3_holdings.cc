// SPDX-License-Identifier: Apache-2.0
// See s3_holdings.h. COLD.
#include "shipper/sinks/s3/s3_holdings.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

namespace pixel::shipper::s3 {
namespace {

constexpr std::size_t kLookers = 8;  // A HEAD takes some 20 ms, nearly all of it waiting.

}  // namespace

std::vector<Holding> sum_up(const std::map<std::string, StoredObject>& objects) {
  std::map<std::pair<logfmt::SegmentId, std::string>, std::vector<Range>> runs;
  std::map<logfmt::SegmentId, Holding> holdings;
  const auto count = [&](const Range& range, bool is_distinct) {
    Holding& holding =
        holdings.try_emplace(range.segment, Holding{range.segment, 0, 0}).first->second;
    holding.rows += range.lines;
    if (is_distinct) holding.distinct_rows += range.lines;
  };
  for (const auto& [key, object] : objects) {
    for (const Range& range : object.ranges) {
      if (object.is_restored) {
        count(range, true);
      } else {
        runs[{range.segment, object.stem}].push_back(range);
      }
    }
  }
  for (auto& [place, ranges] : runs) {
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return a.from < b.from; });
    std::uint64_t reached = 0;
    for (const Range& range : ranges) {
      count(range, range.from >= reached);
      reached = std::max(reached, range.to);
    }
  }
  std::vector<Holding> result;
  for (const auto& [segment, holding] : holdings) result.push_back(holding);
  return result;
}

void ObjectIndex::add(const PlannedObject& object) {
  const std::lock_guard lock(mutex_);
  if (known_.size() < kHoldingsObjectsMax) {
    known_[object.key] = {object.stem, object.ranges, object.is_restored};
  }
}

base::Status ObjectIndex::look_at_one(const std::string& key) {
  const auto info = store_.head(key);
  if (!info) return base::Error{info.error().message};
  if (!info->has_value()) return base::ok_status();  // Deleted since it was listed.
  const auto ranges = parse_ranges((*info)->meta(kRangesMark));
  if (!ranges) {
    return base::Error{
        fmt::format("{} is named like ours and says nothing of its lines (x-amz-meta-{}): it was "
                    "copied without "
                    "its metadata, or written by another program",
                    key, kRangesMark)};
  }
  const std::lock_guard lock(mutex_);
  known_[key] = {stem_of_key(key, settings_).value_or(""), *ranges,
                 (*info)->meta(kRestoredMark) == "yes"};
  return base::ok_status();
}

base::Status ObjectIndex::look_at(const std::vector<std::string>& keys) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<base::Error> failed;
  std::vector<std::thread> threads;
  const std::size_t count = std::min(kLookers, keys.size());
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < keys.size(); at = next++) {
        auto status = look_at_one(keys[at]);
        if (status) continue;
        const std::lock_guard lock(mutex);
        failed = status.error();
        return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) return *failed;
  return base::ok_status();
}

base::Result<std::map<std::string, StoredObject>> ObjectIndex::read(const std::string& prefix) {
  std::vector<std::string> keys;
  const auto listed = store_.for_each(prefix, [&](const ObjectSummary& object) {
    if (stem_of_key(object.key, settings_)) keys.push_back(object.key);
    return keys.size() <= kHoldingsObjectsMax;
  });
  if (!listed) return base::Error{listed.error().message};
  if (keys.size() > kHoldingsObjectsMax) {
    return base::Error{fmt::format("more than {} objects lie below {}: too many to look at each",
                                   kHoldingsObjectsMax, prefix)};
  }
  std::vector<std::string> unknown;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& key : keys) {
      if (!known_.contains(key)) unknown.push_back(key);
    }
  }
  if (auto status = look_at(unknown); !status) return status.error();
  std::map<std::string, StoredObject> objects;
  const std::lock_guard lock(mutex_);
  for (const std::string& key : keys) {
    const auto found = known_.find(key);
    if (found != known_.end()) objects.insert(*found);
  }
  return objects;
}

}  // namespace pixel::shipper::s3
