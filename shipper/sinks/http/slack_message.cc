// SPDX-License-Identifier: Apache-2.0
// See slack_message.h.
#include "shipper/sinks/http/slack_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kValuesMax = 100;     // Told apart while counting.
constexpr std::size_t kShownMax = 10;       // In a message.
constexpr std::size_t kValueBytesMax = 64;  // Of one value.
constexpr std::array<std::string_view, 8> kPlaceholders = {
    "sink", "rows", "seconds", "from", "to", "tables", "values", "dead_letters"};

std::string value_of(ColumnType type, const Cell& cell) {
  if (cell.null) return "none";
  if (is_text(type)) return std::string(cell.text().substr(0, kValueBytesMax));
  if (type == ColumnType::kDouble) return fmt::format("{}", cell.real);
  return fmt::format("{}", cell.integer);
}

// "200 1190, 404 10": the most frequent first.
std::string list_of(const std::map<std::string, std::uint64_t>& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  std::uint64_t rest = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i >= kShownMax) {
      rest += sorted[i].second;
      continue;
    }
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", sorted[i].first, sorted[i].second);
  }
  return rest == 0 ? text : fmt::format("{}, other {}", text, rest);
}

// Slack's own three; a mention or a link cannot begin without '<'.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string filled(std::string_view name, std::string_view sink, const SlackCounts& counts,
                   std::int64_t now_s) {
  if (name == "sink") return std::string(sink);
  if (name == "rows") return fmt::format("{}", counts.rows);
  if (name == "seconds")
    return fmt::format("{}", std::max<std::int64_t>(now_s - counts.since_s, 0));
  if (name == "from") return base::format_iso8601(counts.since_s);
  if (name == "to") return base::format_iso8601(now_s);
  if (name == "tables") return escaped(list_of(counts.tables));
  if (name == "values") return escaped(list_of(counts.values));
  return fmt::format("{}", counts.dead_letters);
}

// Gives `take(text, is_placeholder)` the parts of a template in order.
template <class Take>
void for_each_part(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    take(text.substr(0, open), false);
    take(text.substr(open + 1, close - open - 1), true);
    text.remove_prefix(close + 1);
  }
  take(text, false);
}

}  // namespace

void SlackCounts::add(const Batch& batch, std::span<const TableSpec> specs,
                      std::span<const std::size_t> column, std::int64_t now_s) {
  const bool is_nothing = batch.row_count() == 0 && batch.dead_letters.empty();
  if (is_nothing) return;
  if (since_s == 0) since_s = now_s;
  rows += batch.row_count();
  dead_letters += batch.dead_letters.size();
  for (std::size_t table = 0; table < specs.size(); ++table) {
    const RowBlock& block = batch.tables[table];
    if (block.row_count > 0) tables[specs[table].name] += block.row_count;
    if (column[table] >= specs[table].columns.size()) continue;
    const ColumnType type = specs[table].columns[column[table]].type;
    for (const Cell& cell : block.columns[column[table]]) {
      const std::string value = value_of(type, cell);
      const bool is_known = values.contains(value) || values.size() < kValuesMax;
      ++values[is_known ? value : "other"];
    }
  }
}

std::string to_text(const SlackCounts& counts) {
  return nlohmann::json{{"since", counts.since_s},
                        {"rows", counts.rows},
                        {"dead_letters", counts.dead_letters},
                        {"tables", counts.tables},
                        {"values", counts.values}}
      .dump(-1, ' ', true);
}

std::optional<SlackCounts> parse_slack_counts(std::string_view text) {
  const auto json = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  SlackCounts counts;
  const auto read_number = [&](const char* key, auto& number) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_integer()) return false;
    number = found->get<std::remove_reference_t<decltype(number)>>();
    return true;
  };
  const auto read_map = [&](const char* key, std::map<std::string, std::uint64_t>& map) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_object()) return false;
    for (const auto& [name, count] : found->items()) {
      if (!count.is_number_unsigned()) return false;
      map[name] = count.get<std::uint64_t>();
    }
    return true;
  };
  const bool is_whole = read_number("since", counts.since_s) && read_number("rows", counts.rows) &&
                        read_number("dead_letters", counts.dead_letters) &&
                        read_map("tables", counts.tables) && read_map("values", counts.values);
  return is_whole ? std::optional(counts) : std::nullopt;
}

std::vector<std::size_t> find_columns(std::span<const TableSpec> specs, std::string_view name) {
  std::vector<std::size_t> places;
  for (const TableSpec& spec : specs) {
    const auto found = std::find_if(spec.columns.begin(), spec.columns.end(),
                                    [&](const ColumnSpec& column) { return column.name == name; });
    places.push_back(static_cast<std::size_t>(found - spec.columns.begin()));
  }
  return places;
}

std::string unknown_placeholder(std::string_view text) {
  std::string unknown;
  for_each_part(text, [&](std::string_view part, bool is_placeholder) {
    const bool is_known =
        std::find(kPlaceholders.begin(), kPlaceholders.end(), part) != kPlaceholders.end();
    if (is_placeholder && !is_known && unknown.empty()) unknown = "{" + std::string(part) + "}";
  });
  return unknown;
}

std::string slack_text(std::string_view text, std::string_view sink, const SlackCounts& counts,
                       std::int64_t now_s) {
  std::string message;
  for_each_part(text, [&](std::string_view part, bool is_placeholder) {
    message += is_placeholder ? filled(part, sink, counts, now_s) : std::string(part);
  });
  return message;
}

}  // namespace pixel::shipper
