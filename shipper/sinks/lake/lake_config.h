// SPDX-License-Identifier: Apache-2.0
// Settings of the lake sink. COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/config_reader.h"
#include "base/units.h"
#include "shipper/transport/s3_settings.h"

namespace pixel::shipper {

/// Where finished files go as well.
struct LakeUpload {
  S3Settings store;
  std::string prefix;  // Of every key; no slash at its ends; "": none.
};

struct LakeSettings {
  std::filesystem::path path;                      // The lake: <path>/<table>/date=.../hour=.../
  std::uint64_t memory_bytes = 256 * base::kMiB;   // Of each encoder, merge and query.
  std::uint64_t target_bytes = 128 * base::kMiB;   // Files above half of it are left alone.
  std::uint32_t merge_files = 8;                   // So many of one level become one.
  std::uint64_t close_ns = 600 * base::kSecondNs;  // A partition that long unchanged is closed.
  std::uint32_t query_threads = 2;                 // Of a query; encoding takes one thread.
  std::uint64_t query_rows_max = 10'000;           // More are cut, and the answer says so.
  std::uint64_t query_timeout_ns = 30 * base::kSecondNs;
  std::optional<LakeUpload> upload;
  std::function<void(std::string_view)> at_step;  // Tests: called at each named step.
};

/// Reads path (required), memory, target, merge_files, close_after, query_threads,
/// query_rows_max, query_timeout, upload, and with it the keys of read_s3_settings. Leaves finish()
/// to the caller.
void read_lake_settings(base::ConfigSection& section, LakeSettings& settings);

}  // namespace pixel::shipper
