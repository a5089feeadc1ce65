// SPDX-License-Identifier: Apache-2.0
// The state of a shipper as JSON, as one screen, and as metrics. Pure; any thread. COLD.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/service.h"

namespace pixel::shipper {

/// {"running":true,"sinks":[{"name":...,"state":...,"written":...}, ...]}
std::string status_json(const std::vector<SinkReport>& reports, bool is_running);

/// The same for a person: one line per sink, and what is wrong below it. An error where `json` is
/// not what status_json writes.
base::Result<std::string> status_screen(std::string_view json);

/// Prometheus text.
std::string metrics_text(const std::vector<SinkReport>& reports, const Retention::Counts& retained);

/// {"sinks":[{"name":"duckdb","kinds":["access","events"],"rows":N,"distinct":N,"filtered":N,
/// "dead_lettered":N,"missing":N,"checkpoint":{"lanes":{"A...":[index,offset]}},"segments":
/// [{"segment":"A...","rows":N,"distinct":N}]}]}; a sink that could not answer has "error" instead.
std::string holdings_json(const std::vector<SinkHoldings>& sinks);

}  // namespace pixel::shipper
