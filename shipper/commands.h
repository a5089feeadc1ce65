// SPDX-License-Identifier: Apache-2.0
// The commands of pixel-shipper, without their command line. Each returns the exit code: 0 fine,
// 1 failed while running, 2 wrong usage or config. COLD.
#pragma once

#include <string>

#include "shipper/config.h"

namespace pixel::shipper {

/// Runs until SIGTERM or SIGINT; `once`: until all that is published is delivered.
int run_command(const Config& config, bool once);

/// These ask the running shipper (by the config's admin address), or open the sinks themselves
/// where none runs.
int status_command(const Config& config, bool as_json);
int sources_command(const Config& config);
int holdings_command(const Config& config);
int sql_command(const Config& config, const std::string& sink, const std::string& sql);

}  // namespace pixel::shipper
