// SPDX-License-Identifier: Apache-2.0
// What a running process cannot change. COLD.
#pragma once

#include <string>
#include <vector>

#include "edge/config.h"

namespace pixel::edge {

/// The keys ("server.workers") whose values differ and take effect only at a restart, in the order
/// of the table of settings.
std::vector<std::string> restart_only_differences(const EdgeConfig& old_one,
                                                  const EdgeConfig& new_one);

}  // namespace pixel::edge
