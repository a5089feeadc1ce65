// SPDX-License-Identifier: Apache-2.0
// `pixel-shipper test`. COLD.
#pragma once

#include "shipper/config.h"

namespace pixel::shipper {

/// Runs the configuration's tests and prints what became of each. 0: all pass; 1: one does not.
int test_command(const Config& config, bool as_json);

}  // namespace pixel::shipper
