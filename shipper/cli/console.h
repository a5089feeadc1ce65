// SPDX-License-Identifier: Apache-2.0
// What commands share: the settings, the running shipper, output, progress. COLD; main thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/admin_server.h"
#include "shipper/cli/command_line.h"
#include "shipper/config.h"

namespace pixel::shipper::cli {

/// To standard output, with a newline at the end.
void print(std::string_view text);
/// "pixel-shipper: <message>" to standard error, or {"error":"<message>"} to standard output.
/// Returns kFailed.
int fail(const Invocation& invocation, std::string_view message);

/// The settings; nothing after each error was printed.
std::optional<Config> load(const Invocation& invocation);
/// The sinks of that name, or all for ""; nothing, after a message, where none has it.
std::optional<std::vector<SinkConfig>> pick_sinks(const Invocation& invocation,
                                                  const Config& config, const std::string& name);

/// The running shipper's answer; nothing where none listens on the admin address.
std::optional<base::AdminReply> ask(const Config& config, const std::string& path,
                                    const std::string* body = nullptr);

/// "1.5 MiB": for people.
std::string show_bytes(std::uint64_t bytes);
/// "3h 20m": for people; the two largest units.
std::string show_seconds(std::int64_t seconds);

/// Unix seconds of "2026-11-20T18:52:00Z", "2026-11-20T18:52", "2026-11-20", "1795200720", or
/// "2h" (that long before `now_s`).
std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now_s);
/// For CLI::Option::check.
std::string check_time(const std::string& text);
std::int64_t unix_now();

/// Progress on standard error: a bar on a terminal, else a line every few seconds.
class ProgressBar {
 public:
  explicit ProgressBar(std::string what);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// `total` 0: not known.
  void show(std::uint64_t done, std::uint64_t total, std::uint64_t lines);
  /// Takes the bar away.
  void clear();

 private:
  const std::string what_;
  const bool is_terminal_;
  std::uint64_t shown_ns_ = 0;
  bool is_drawn_ = false;
};

}  // namespace pixel::shipper::cli
