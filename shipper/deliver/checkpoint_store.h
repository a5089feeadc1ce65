// SPDX-License-Identifier: Apache-2.0
// A checkpoint in two files, written in turn: whatever happens to the newer one, the one before it
// is whole. For sinks whose destination cannot hold the checkpoint itself. COLD; one thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "shipper/deliver/checkpoint.h"
#include "shipper/state/file_system.h"
#include "shipper/state/kept_text.h"

namespace pixel::shipper {

struct StoredCheckpoint {
  Checkpoint checkpoint;
  std::string note;  // The sink's own: one line.
  bool operator==(const StoredCheckpoint&) const = default;
};

class CheckpointStore {
 public:
  /// `directory` holds checkpoint.0 and checkpoint.1; it must exist by the first save.
  explicit CheckpointStore(std::filesystem::path directory, FileSystem& files = real_file_system())
      : kept_(std::move(directory), "checkpoint", files) {}

  /// The newest whole one; nothing where none was ever saved. An error where files exist and none
  /// is whole: to begin anew would deliver everything twice, so that is the operator's decision.
  base::Result<std::optional<StoredCheckpoint>> load();

  /// Durable when it returns. REQUIRES: load() succeeded before; note has no newline.
  base::Status save(const StoredCheckpoint& stored);

  /// After load(): why the newer file was not used; "" when nothing was wrong.
  const std::string& damage() const noexcept { return kept_.damage(); }

 private:
  KeptText kept_;
};

}  // namespace pixel::shipper
