// SPDX-License-Identifier: Apache-2.0
// The diagnostics log: one line per event on standard error, for operators and the journal. COLD.
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace pixel::base {

/// Sets level ("debug", "info", "warn", "error") and a one-line format with UTC milliseconds. Call
/// once at boot. False when the level has another name.
bool start_diagnostics(std::string_view level);

}  // namespace pixel::base
