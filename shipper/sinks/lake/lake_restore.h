// SPDX-License-Identifier: Apache-2.0
// Which rows of a batch the lake lacks, read back from its files. COLD.
#pragma once

#include <vector>

#include "base/result.h"
#include "shipper/batch/batch.h"
#include "shipper/sinks/lake/lake_reader.h"

namespace pixel::shipper::lake {

/// A block per table with the rows that are not there, in the batch's order; its cells are the
/// batch's. An error where a table has no lineage: nobody could tell.
base::Result<std::vector<RowBlock>> missing_rows(LakeReader& reader,
                                                 const std::vector<TableSpec>& tables,
                                                 const Batch& batch);

}  // namespace pixel::shipper::lake
