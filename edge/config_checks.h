// SPDX-License-Identifier: Apache-2.0
// What settings must mean, once each is of its type and within its bounds: functions over a
// configuration, by theme, and pure but for check_files. Values are looked at, not whether a key
// was written: an example with every default in it is fine. COLD.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "edge/config.h"

namespace pixel::edge {

/// Something that must not be.
struct ConfigFault {
  static constexpr std::size_t kWhole = SIZE_MAX;
  std::string section;  // "server", "route[2]".
  std::string key;
  std::size_t element = kWhole;  // Of an array.
  std::string text;              // Completes "expected ..., found <the value>", or ...
  bool is_whole_text = false;    // ... is all there is to say.
};

/// Collects faults of one configuration.
class ConfigFaults {
 public:
  /// Of an empty `expected` nothing is made.
  void expect(std::string section, std::string key, std::string expected,
              std::size_t element = ConfigFault::kWhole);
  /// `text` is all there is to say.
  void report(std::string section, std::string key, std::string text);
  /// "has no effect while <reason>", where `key` has another value than the default.
  void expect_default(const EdgeConfig& config, std::string_view section, std::string_view key,
                      std::string_view reason);
  /// The same for all keys of a section but one.
  void expect_defaults_but(const EdgeConfig& config, std::string_view section,
                           std::string_view exempt_key, std::string_view reason);

  std::vector<ConfigFault> take() { return std::move(faults_); }

 private:
  std::vector<ConfigFault> faults_;
};

// config_checks.cc
void check_process(const EdgeConfig& config, ConfigFaults& faults);
void check_limits(const EdgeConfig& config, ConfigFaults& faults);
// config_checks_client.cc
void check_client(const EdgeConfig& config, ConfigFaults& faults);
void check_policy(const EdgeConfig& config, ConfigFaults& faults);
// config_checks_routes.cc
void check_routes(const EdgeConfig& config, ConfigFaults& faults);
/// Whether the files that settings name can be used: reads them.
void check_files(const EdgeConfig& config, ConfigFaults& faults);

/// All of them but check_files.
std::vector<ConfigFault> check_config(const EdgeConfig& config);

/// "0.0.0.0:8080", "[::]:8080".
bool is_numeric_address(const std::string& text);
/// Letters, digits, dots and hyphens.
bool is_host_name(std::string_view text);

}  // namespace pixel::edge
