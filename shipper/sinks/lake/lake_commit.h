// SPDX-License-Identifier: Apache-2.0
// The commit record: one small file whose replacement is the commit point of the lake. It says what
// must lie where, so that doing it twice or after a crash comes to the same. COLD.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/deliver/checkpoint.h"
#include "shipper/sinks/lake/lake_layout.h"

namespace pixel::shipper::lake {

struct AddedFile {
  std::string staged;     // Name in staging/.
  std::string partition;  // Where it becomes visible ...
  std::string name;       // ... and under which name.
};
struct RemovedFile {
  std::string partition;
  std::string name;
};

struct Commit {
  std::uint64_t number = 0;  // From 1; 0: there was none yet.
  Checkpoint checkpoint;
  std::vector<AddedFile> added;
  std::vector<RemovedFile> removed;            // A merge: of the partition of the one file added.
  std::map<std::string, std::string> columns;  // Every column ever written: its SQL type.
};

/// JSON with an XXH3-64 of the record; parse refuses any change of a byte and any cut.
std::string to_text(const Commit& commit);
base::Result<Commit> parse_commit(std::string_view text);

struct LoadedCommit {
  Commit commit;
  bool is_previous = false;  // The last record could not be read; this is the one before it.
};
/// The last record, or the one before it; number 0 where there is none. An error when there are
/// records and none can be read.
base::Result<LoadedCommit> load_commit(const LakePaths& paths);

using StepHook = std::function<void(std::string_view)>;

/// Keeps the last record as the previous one and replaces it. After an error either may be the
/// last: read it back.
base::Status store_commit(const LakePaths& paths, const Commit& commit, const StepHook& at_step);

}  // namespace pixel::shipper::lake
