// SPDX-License-Identifier: Apache-2.0
// Makes the table's folders what a commit record says. COLD; the sink's thread.
#pragma once

#include "base/result.h"
#include "shipper/sinks/lake/lake_commit.h"
#include "shipper/sinks/lake/lake_layout.h"

namespace pixel::shipper::lake {

/// Brings the record's added files from staging to their place, durably, and takes the removed ones
/// away. Done twice, or again after a crash at any point, it comes to the same.
///
/// A merge swaps the whole partition folder with renameat2(RENAME_EXCHANGE): who lists it sees the
/// files before or the files after, never both, never neither. File systems that cannot do that
/// remove first and add then: a reader may miss rows for an instant, but never sees one twice.
base::Status apply_commit(const LakePaths& paths, const Commit& commit, const StepHook& at_step);

/// Removes everything in staging. REQUIRES: the last commit is applied.
base::Status clear_staging(const LakePaths& paths);

}  // namespace pixel::shipper::lake
