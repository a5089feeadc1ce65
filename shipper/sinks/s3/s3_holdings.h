// SPDX-License-Identifier: Apache-2.0
// What lies in the bucket, by segment: from the marks of each object, never from its content. COLD;
// any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "shipper/sinks/s3/s3_config.h"
#include "shipper/sinks/s3/s3_objects.h"
#include "shipper/sinks/sink.h"
#include "shipper/transport/object_store.h"

namespace pixel::shipper::s3 {

/// More are an error that says so: each costs a request the first time.
inline constexpr std::size_t kHoldingsObjectsMax = 200'000;

/// Marks of an object (x-amz-meta-...).
inline constexpr std::string_view kBatchMark = "pixel-batch";
inline constexpr std::string_view kRangesMark = "pixel-ranges";
inline constexpr std::string_view kRestoredMark = "pixel-restored";  // "yes", or absent.

/// What one object holds.
struct StoredObject {
  std::string stem;
  std::vector<Range> ranges;
  bool is_restored = false;
};

/// Rows and distinct rows of each segment. Where two objects of one stem hold overlapping runs of a
/// segment, the lines of the second are duplicates; not those of a restored one, which was made of
/// what was missing. Pure.
std::vector<Holding> sum_up(const std::map<std::string, StoredObject>& objects);

/// Objects never change, so what was read once is kept: some 200 bytes each.
class ObjectIndex {
 public:
  ObjectIndex(ObjectStore& store, const S3SinkSettings& settings)
      : store_(store), settings_(settings) {}

  /// Of an object that was just put.
  void add(const PlannedObject& object);
  /// All below a prefix, those of others left out.
  base::Result<std::map<std::string, StoredObject>> read(const std::string& prefix);

 private:
  base::Status look_at(const std::vector<std::string>& keys);
  base::Status look_at_one(const std::string& key);

  ObjectStore& store_;
  const S3SinkSettings& settings_;
  std::mutex mutex_;
  std::map<std::string, StoredObject> known_;  // By key. Guarded by mutex_.
};

}  // namespace pixel::shipper::s3
