// SPDX-License-Identifier: Apache-2.0
// Reads the ranges of an intent again, exactly, and makes the same batch of them. COLD; one sink's
// thread.
#pragma once

#include "base/result.h"
#include "shipper/deliver/batch_builder.h"
#include "shipper/deliver/journal_record.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/segment_store.h"

namespace pixel::shipper {

/// An error where bytes are absent or others than those that the intent was written for: a segment
/// that is gone, or was cut by a power loss.
base::Result<Parcel> read_intent(const Intent& intent, SegmentStore& store,
                                 const CatalogueSnapshot& catalogue, BatchBuilder& builder);

}  // namespace pixel::shipper
