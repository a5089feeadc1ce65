// SPDX-License-Identifier: Apache-2.0
// The files that a shipper must not forget, behind a seam: what checkpoints, journals and dead
// letters do to a disk, a simulation can interrupt, refuse and forget. COLD; any thread, each file
// one at a time. The data files of sinks do not go through it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pixel::shipper {

/// An open file. Errors name its path and the cause. What was written is durable after sync() and
/// not before; after a failed write or sync nothing is known of the bytes since the last good sync,
/// and a later sync() that succeeds does not say otherwise: they must be written again.
class StateFile {
 public:
  virtual ~StateFile() = default;
  virtual base::Result<std::uint64_t> size() = 0;
  /// All of `bytes`, from `offset` on.
  virtual base::Status write_at(std::uint64_t offset, std::string_view bytes) = 0;
  virtual base::Status truncate(std::uint64_t bytes) = 0;
  /// fdatasync(2).
  virtual base::Status sync() = 0;
};

class FileSystem {
 public:
  enum class Mode : std::uint8_t {
    kKeep,  // Created where it is absent.
    kNew,   // Emptied, or created.
  };

  virtual ~FileSystem() = default;
  /// The whole content; nothing where there is no such file.
  virtual base::Result<std::optional<std::string>> read(const std::filesystem::path& path) = 0;
  virtual base::Result<std::unique_ptr<StateFile>> open(const std::filesystem::path& path,
                                                        Mode mode) = 0;
  /// Names become durable with sync_directory().
  virtual base::Status rename(const std::filesystem::path& from,
                              const std::filesystem::path& to) = 0;
  /// Fine where it is absent.
  virtual base::Status remove(const std::filesystem::path& path) = 0;
  /// Names of the files in a directory, sorted; none where it is absent.
  virtual base::Result<std::vector<std::string>> list(const std::filesystem::path& directory) = 0;
  /// With its parents, all of them durable when it returns.
  virtual base::Status create_directories(const std::filesystem::path& directory) = 0;
  virtual base::Status sync_directory(const std::filesystem::path& directory) = 0;
};

/// The machine's own. Lives forever; any thread.
FileSystem& real_file_system();

/// After a crash or power loss `path` holds either the old or the new bytes: "<path>.tmp", sync,
/// rename, sync of the directory. An error after the rename leaves open which.
base::Status write_file_atomic(FileSystem& files, const std::filesystem::path& path,
                               std::string_view bytes);

}  // namespace pixel::shipper
