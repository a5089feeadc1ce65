// SPDX-License-Identifier: Apache-2.0
// Counts rows and posts a message about them to a Slack webhook every interval. Counts and
// checkpoint are stored as one, so each row is counted exactly once; a message may come twice.
// COLD; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "shipper/sinks/http/http_config.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// `unix_now`: the time in seconds.
std::unique_ptr<Sink> make_slack_sink(const SlackOptions& options,
                                      std::function<std::int64_t()> unix_now);
std::unique_ptr<Sink> make_slack_sink(const SlackOptions& options);

}  // namespace pixel::shipper
