// SPDX-License-Identifier: Apache-2.0
// POSTs rows as JSON to any receiver, at least once: a batch that may have arrived comes again
// under the same Idempotency-Key. COLD.
#pragma once

#include <memory>

#include "shipper/sinks/http/http_config.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

std::unique_ptr<Sink> make_http_sink(const HttpSinkOptions& options);

}  // namespace pixel::shipper
