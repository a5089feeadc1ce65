// SPDX-License-Identifier: Apache-2.0
// What a message counts, and its text. Pure.
// Source: Slack API, Formatting text (escaping), Rate limits (one message a second).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/batch/batch.h"

namespace pixel::shipper {

/// Counts since the last message. Kept beside the checkpoint, as one line of JSON.
struct SlackCounts {
  std::int64_t since_s = 0;  // Unix time of the first batch; 0: nothing counted.
  std::uint64_t rows = 0;
  std::uint64_t dead_letters = 0;
  std::map<std::string, std::uint64_t> tables;
  std::map<std::string, std::uint64_t> values;  // Of the column counted by; the rest is "other".
  bool operator==(const SlackCounts&) const = default;

  /// `column`: its place in each table, as find_columns() says.
  void add(const Batch& batch, std::span<const TableSpec> specs,
           std::span<const std::size_t> column, std::int64_t now_s);
};
std::string to_text(const SlackCounts& counts);
std::optional<SlackCounts> parse_slack_counts(std::string_view text);

/// The place of the column of that name in each table; the table's number of columns where it has
/// none.
std::vector<std::size_t> find_columns(std::span<const TableSpec> specs, std::string_view name);

/// The first {word} of a template that stands for nothing; "" where there is none.
std::string unknown_placeholder(std::string_view text);

/// The message's text: what comes from rows cannot address anybody or format anything.
std::string slack_text(std::string_view text, std::string_view sink, const SlackCounts& counts,
                       std::int64_t now_s);

}  // namespace pixel::shipper
