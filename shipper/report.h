// SPDX-License-Identifier: Apache-2.0
// The state of a shipper as JSON, as one screen, and as metrics. Pure; any thread. COLD.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/service.h"

namespace pixel::shipper {

/// Is anything lost or late? In the order of their weight.
enum class Health : std::uint8_t {
  kFine,
  kLate,    // Behind by more than a minute, or lines wait and no shipper runs.
  kUnwell,  // A sink does not take what it is given, or the spool is full.
  kLost,    // Lines are gone, or rows are there twice.
};
std::string_view health_name(Health health) noexcept;

/// {"verdict":"fine","summary":"...","running":true,"spool":{...},"sinks":[{"name":...,"state":...,
/// "verdict":...,"problems":[{"what":...,"next":...}],"written":...}, ...]}
std::string status_json(const ShipperState& state);

/// The same for a person: the verdict, one line per sink, and below it what is wrong and what to do
/// next. An error where `json` is not what status_json writes.
base::Result<std::string> status_screen(std::string_view json);

/// True where `json` says that all is fine.
bool is_fine(std::string_view json);

/// Prometheus text.
std::string metrics_text(const ShipperState& state);

/// {"sinks":[{"name":"duckdb","kinds":["access","events"],"rows":N,"distinct":N,"filtered":N,
/// "dead_lettered":N,"checkpoint":{"lanes":{"A...":[index,offset]},"missing":N},"segments":
/// [{"segment":"A...","rows":N,"distinct":N}]}]}; a sink that could not answer has "error" instead;
/// one that takes files of others has "foreign":[{"segment":"F...","lines":N,"passed":N}] and
/// "foreign_retired":{"F...":[index of the first that is not, lines of the others]}.
std::string holdings_json(const std::vector<SinkHoldings>& sinks);
/// Reads what holdings_json writes; of the checkpoint only what is there.
base::Result<std::vector<SinkHoldings>> parse_holdings(std::string_view json);

}  // namespace pixel::shipper
