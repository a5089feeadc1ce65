// SPDX-License-Identifier: Apache-2.0
// Rows as JSON lines, or the log's lines, on standard output: for pipes and for looking at. At
// least once. COLD; one thread.
#pragma once

#include <memory>

#include "shipper/sinks/sink.h"
#include "shipper/sinks/stdout/stdout_config.h"

namespace pixel::shipper {

/// `fd`: written to, not closed. REQUIRES: SIGPIPE is ignored.
std::unique_ptr<Sink> make_stdout_sink(const StdoutOptions& options, int fd = 1);

}  // namespace pixel::shipper
