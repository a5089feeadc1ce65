// SPDX-License-Identifier: Apache-2.0
// What the shipper alone knows for the audit: which lines of other programs' files there are, and
// how many of them a sink has passed. COLD; any thread.
#pragma once

#include <filesystem>

#include "shipper/service.h"

namespace pixel::shipper {

/// Fills in what `held` lacks: the foreign segments of the catalogue that its sink is owed. Reads
/// the segments in whose middle it stands. `catalogue`: taken after `held`, so that it knows every
/// segment of it.
void add_foreign_lines(const std::filesystem::path& spool, const CatalogueSnapshot& catalogue,
                       SinkHoldings& held);

}  // namespace pixel::shipper
