// SPDX-License-Identifier: Apache-2.0
// See console.h. COLD.
#include "shipper/cli/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <charconv>
#include <cstdio>

#include "base/clock.h"
#include "base/units.h"

namespace pixel::shipper::cli {
namespace {

constexpr std::uint64_t kBarEveryNs = 100 * base::kMillisecondNs;
constexpr std::uint64_t kLineEveryNs = 5 * base::kSecondNs;
constexpr std::size_t kBarCells = 30;

// Digits only, the whole text.
std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole && value >= 0 ? std::optional(value) : std::nullopt;
}

// "YYYY-MM-DD", with "Thh", ":mm" and ":ss" as far as they are given, and a Z that may be left out.
std::optional<std::int64_t> parse_calendar(std::string_view text) {
  if (text.ends_with('Z')) text.remove_suffix(1);
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  int parts[6] = {};
  constexpr std::size_t kStarts[] = {0, 5, 8, 11, 14, 17};
  constexpr std::size_t kLengths[] = {4, 2, 2, 2, 2, 2};
  constexpr std::string_view kBefore = "   T::";
  for (std::size_t i = 0; i < 6; ++i) {
    if (i > 2 && text.size() == kStarts[i] - 1) break;
    if (text.size() < kStarts[i] + kLengths[i]) return std::nullopt;
    if (i > 2 && text[kStarts[i] - 1] != kBefore[i]) return std::nullopt;
    const auto part = number(text.substr(kStarts[i], kLengths[i]));
    if (!part) return std::nullopt;
    parts[i] = *part;
    if (i == 5 && text.size() != 19) return std::nullopt;
  }
  const base::CivilTime civil{parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], 0};
  const std::int64_t time = base::unix_from_civil(civil);
  const base::CivilTime again = base::civil_from_unix(time);
  const bool exists = again.month == civil.month && again.day == civil.day &&
                      again.hour == civil.hour && again.minute == civil.minute &&
                      again.second == civil.second;
  return exists ? std::optional(time) : std::nullopt;
}

}  // namespace

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
}

int fail(const Invocation& invocation, std::string_view message) {
  if (invocation.as_json) {
    print(nlohmann::json{{"error", message}}.dump(-1, ' ', false,
                                                  nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print(stderr, "pixel-shipper: {}\n", message);
  }
  return kFailed;
}

std::optional<Config> load(const Invocation& invocation) {
  LoadedConfig loaded = load_config(invocation.config_path);
  if (loaded.errors.empty()) return std::move(loaded.config);
  if (invocation.as_json) {
    print(nlohmann::json{{"error", "the settings are not fine"}, {"errors", loaded.errors}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace));
    return std::nullopt;
  }
  for (const std::string& error : loaded.errors) fmt::print(stderr, "{}\n", error);
  return std::nullopt;
}

std::optional<std::vector<SinkConfig>> pick_sinks(const Invocation& invocation,
                                                  const Config& config, const std::string& name) {
  std::vector<SinkConfig> picked;
  std::vector<std::string> names;
  for (const SinkConfig& sink : config.sinks) {
    names.push_back(sink.name);
    if (name.empty() || sink.name == name) picked.push_back(sink);
  }
  if (!picked.empty()) return picked;
  fail(invocation, fmt::format("no sink is called {}; there are {}", name, fmt::join(names, ", ")));
  return std::nullopt;
}

std::optional<base::AdminReply> ask(const Config& config, const std::string& path,
                                    const std::string* body) {
  if (config.admin.empty()) return std::nullopt;
  auto reply = base::admin_call(config.admin, path, body);
  if (!reply) return std::nullopt;
  return std::move(reply).value();
}

std::string show_bytes(std::uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < base::kKiB) return fmt::format("{} B", bytes);
  auto scaled = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; scaled >= 1024 && unit + 1 < std::size(kUnits); ++unit) scaled /= 1024;
  return fmt::format("{:.1f} {}", scaled, kUnits[unit]);
}

std::string show_seconds(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h {}m", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{}d {}h", seconds / 86'400, seconds % 86'400 / 3600);
}

std::int64_t unix_now() { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); }

std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now_s) {
  if (const auto calendar = parse_calendar(text)) return calendar;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size()) return seconds;
  const auto ago_ns = base::parse_duration_ns(text);
  if (!ago_ns) return std::nullopt;
  return now_s - static_cast<std::int64_t>(*ago_ns / base::kSecondNs);
}

std::string check_time(const std::string& text) {
  if (parse_time(text, 0)) return "";
  return "expected a time such as 2026-11-20T18:00:00Z, 2026-11-20, 1795200720 or 2h (ago), "
         "found " +
         text;
}

ProgressBar::ProgressBar(std::string what)
    : what_(std::move(what)), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressBar::show(std::uint64_t done, std::uint64_t total, std::uint64_t lines) {
  const std::uint64_t now_ns = base::monotonic_ns();
  if (shown_ns_ == 0 && !is_terminal_) shown_ns_ = now_ns;  // Short work says nothing.
  if (now_ns - shown_ns_ < (is_terminal_ ? kBarEveryNs : kLineEveryNs)) return;
  shown_ns_ = now_ns;
  const double part =
      total == 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const std::string amount = total == 0 ? show_bytes(done)
                                        : fmt::format("{:3.0f} %  {} of {}", part * 100,
                                                      show_bytes(done), show_bytes(total));
  const std::string counted = lines == 0 ? "" : fmt::format(", {} lines", lines);
  if (!is_terminal_) {
    fmt::print(stderr, "{}: {}{}\n", what_, amount, counted);
    return;
  }
  const auto filled = static_cast<std::size_t>(part * kBarCells);
  fmt::print(stderr, "\r\x1b[K{} [{}{}] {}{}", what_, std::string(filled, '='),
             std::string(kBarCells - filled, ' '), amount, counted);
  std::fflush(stderr);
  is_drawn_ = true;
}

void ProgressBar::clear() {
  if (!is_drawn_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  is_drawn_ = false;
}

}  // namespace pixel::shipper::cli
