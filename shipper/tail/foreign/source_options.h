// SPDX-License-Identifier: Apache-2.0
// The settings of a [[source]]: files that others write. COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/units.h"

namespace pixel::shipper {

enum class SourceKind : std::uint8_t {
  kCloudfront,  // Whole files appear, compressed or not: a bucket as it was synced.
  kTail,        // Files grow and are rotated.
};

struct SourceOptions {
  std::string name;  // Its lanes belong to it: another name begins anew.
  SourceKind kind = SourceKind::kCloudfront;
  std::filesystem::path directory;
  std::string pattern = "*";  // Of file names, as fnmatch(3) reads it; hidden ones never match.
  bool recursive = true;
  /// A file that nothing has changed for so long is complete.
  std::uint64_t settle_ns = 10 * base::kSecondNs;
  /// All names are looked at so often, whatever the kernel told of changes.
  std::uint64_t rescan_ns = 10 * base::kSecondNs;
  bool from_end = false;  // Lines that were there when the source was new are left out.
  /// Files that every sink has are deleted at this age; 0: never.
  std::uint64_t delete_after_ns = 0;
  /// For so long a content is known again after its file is gone.
  std::uint64_t remember_ns = 30 * 24 * 3600 * base::kSecondNs;
};

/// Reads all [[source]] of a file; errors go to its reader. `reserved`: the shipper's own folders,
/// which no source may hold or lie in.
std::vector<SourceOptions> read_sources(base::ConfigSection& root,
                                        const std::vector<std::filesystem::path>& reserved);

}  // namespace pixel::shipper
