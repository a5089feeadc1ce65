// SPDX-License-Identifier: Apache-2.0
// COLD: see diagnostics.h.
#include "base/diagnostics.h"

#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <string>

namespace pixel::base {

bool start_diagnostics(std::string_view level) {
  const auto parsed = spdlog::level::from_str(std::string(level));
  if (parsed == spdlog::level::off) return false;
  auto logger = std::make_shared<spdlog::logger>("pixeledge",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  return true;
}

}  // namespace pixel::base
