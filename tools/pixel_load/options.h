// SPDX-License-Identifier: Apache-2.0
// The command line of pixel-load, default beside each field. COLD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace pixel::load {

struct Options {
  std::vector<std::string> urls;
  unsigned connections = 64;
  std::uint64_t duration_ns = 0;  // 0: not limited by time.
  std::uint64_t requests = 0;     // 0: not limited by count.
  std::uint64_t warmup_ns = 0;
  std::uint64_t timeout_ns = 5'000'000'000;
  std::uint64_t stop_wait_ns = 500'000'000;  // For answers under way when a signal ends the run.
  unsigned threads = 0;  // 0: as many as cores it may use, at most one per connection.
  std::vector<int> cpus;
  double rate = 0;  // Requests per second; 0: closed loop.
  unsigned pipeline = 1;
  std::string template_file;
  std::vector<std::string> headers;
  bool browser = false;
  std::string method = "GET";
  bool reconnect = true;
  std::string ids_file;
  std::uint64_t seq_base = 0;
  std::uint64_t seed = 0;  // 0: from the clock.
  std::vector<std::string> bind_addresses;
  std::string io = "auto";
  bool progress = false;
  bool json = false;
};

/// What the command line asks for: a run, or to end with this code (help and version have been
/// printed, or what is wrong with it).
struct CommandLine {
  Options options;
  std::optional<int> exit_code;
};
CommandLine parse_command_line(int argc, const char* const* argv, const char* version);

}  // namespace pixel::load
