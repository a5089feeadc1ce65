// SPDX-License-Identifier: Apache-2.0
// [[table.transform]]: the verbs, one after the other. COLD.
#pragma once

#include "base/config_reader.h"
#include "shipper/transform/rules_builder.h"

namespace pixel::shipper {

/// Reads all transforms of a table into its rules; what is wrong goes to the section's reader.
void read_transforms(base::ConfigSection& table, RulesBuilder& rules);

}  // namespace pixel::shipper
