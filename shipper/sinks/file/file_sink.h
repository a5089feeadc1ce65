// SPDX-License-Identifier: Apache-2.0
// Rows as JSON lines or CSV, or the log's lines as they are, in files, optionally gzip. Exactly
// once: the checkpoint holds the output's length, and what lies beyond it is cut off at open. COLD;
// one thread, but for holdings().
#pragma once

#include <memory>

#include "shipper/sinks/file/file_config.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

std::unique_ptr<Sink> make_file_sink(const FileSinkOptions& options);

}  // namespace pixel::shipper
