// SPDX-License-Identifier: Apache-2.0
// The kinds of sinks: a name in the config file -> its keys and its maker. COLD. The only file that
// knows all sinks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_reader.h"
#include "shipper/batch/batcher.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// What every sink is given beside its own keys.
struct SinkContext {
  std::string name;
  std::filesystem::path state_directory;  // Its own; may not exist yet.
  std::vector<TableSpec> tables;
};
using SinkMaker = std::function<std::unique_ptr<Sink>(const SinkContext&)>;

/// In the order of their numbers.
std::span<const std::string_view> sink_kinds();

/// When a batch of this kind is delivered, unless its section says otherwise. REQUIRES: kind <
/// sink_kinds().size().
BatchLimits standard_limits(std::size_t kind);

/// Names that no column of a table of this kind may have: the destination has them for its own.
/// REQUIRES: kind < sink_kinds().size().
std::span<const std::string_view> reserved_columns(std::size_t kind);

/// Reads the keys of a kind from its [[sink]] section; errors go to the section's reader. The maker
/// touches nothing: the sink's open() does. REQUIRES: kind < sink_kinds().size().
SinkMaker read_sink(std::size_t kind, base::ConfigSection& section);

}  // namespace pixel::shipper
