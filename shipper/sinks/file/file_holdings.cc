// SPDX-License-Identifier: Apache-2.0
// See file_holdings.h. COLD.
#include "shipper/sinks/file/file_holdings.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>

#include "shipper/decode/json_text.h"
#include "shipper/decode/text_arena.h"
#include "shipper/decode/values.h"

namespace pixel::shipper {
namespace {

// Takes one CSV row off the front of `text`, its newline included; false where it is cut off.
bool take_csv_row(std::string_view& text, std::vector<std::string>& fields) {
  fields.assign(1, "");
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      // A doubled quote inside quotes is one quote.
      if (is_quoted && i + 1 < text.size() && text[i + 1] == '"') {
        fields.back() += text[++i];
      } else {
        is_quoted = !is_quoted;
      }
    } else if (c == ',' && !is_quoted) {
      fields.emplace_back();
    } else if (c == '\n' && !is_quoted) {
      text.remove_prefix(i + 1);
      return true;
    } else {
      fields.back() += c;
    }
  }
  return false;
}

std::size_t place_of(const std::vector<std::string>& header, std::string_view name) {
  return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
}

}  // namespace

base::Status HoldingsReader::add_json(std::size_t table, std::string_view lines) {
  const JsonPath segment_path = {{"_segment"}};
  const JsonPath offset_path = {{"_offset"}};
  TextArena arena;
  while (!lines.empty()) {
    const std::size_t newline = lines.find('\n');
    if (newline == std::string_view::npos) return base::Error{"the last row is cut off"};
    const std::string_view line = lines.substr(0, newline);
    lines.remove_prefix(newline + 1);
    // By the rules that the writer has for a column of JSON: others refuse numbers beyond a double,
    // and halves of surrogate pairs.
    if (!line.starts_with('{') || !is_json(line)) return base::Error{"a row is no JSON object"};
    arena.clear();
    const std::string_view segment = find_json(line, segment_path, arena);
    const auto offset = parse_integer(find_json(line, offset_path, arena));
    if (segment.size() < 2 || segment.front() != '"' || !offset) {
      return base::Error{"a row has no _segment and _offset"};
    }
    auto status = add(table, segment.substr(1, segment.size() - 2), *offset);
    if (!status) return status;
  }
  return base::ok_status();
}

base::Status HoldingsReader::add_csv(std::size_t table, std::string_view lines) {
  std::vector<std::string> fields;
  if (lines.empty()) return base::ok_status();
  if (!take_csv_row(lines, fields)) return base::Error{"the header is cut off"};
  const std::size_t segment = place_of(fields, "_segment");
  const std::size_t offset = place_of(fields, "_offset");
  const std::size_t count = fields.size();
  if (segment == count || offset == count) return base::Error{"no _segment and _offset"};
  while (!lines.empty()) {
    if (!take_csv_row(lines, fields)) return base::Error{"the last row is cut off"};
    if (fields.size() != count) return base::Error{"a row has another number of fields"};
    std::int64_t number = 0;
    const std::string& text = fields[offset];
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc()) return base::Error{"a row's _offset is no number"};
    if (auto status = add(table, fields[segment], number); !status) return status;
  }
  return base::ok_status();
}

base::Status HoldingsReader::add(std::size_t table, std::string_view segment, std::int64_t offset) {
  const auto id = logfmt::parse_segment(segment);
  if (!id) return base::Error{"a row's _segment is no segment"};
  offsets_[*id][table].push_back(offset);
  return base::ok_status();
}

bool HoldingsReader::has(std::size_t table, const logfmt::SegmentId& segment,
                         std::int64_t offset) const {
  const auto tables = offsets_.find(segment);
  if (tables == offsets_.end()) return false;
  const auto offsets = tables->second.find(table);
  return offsets != tables->second.end() &&
         std::binary_search(offsets->second.begin(), offsets->second.end(), offset);
}

std::vector<Holding> HoldingsReader::holdings() {
  std::vector<Holding> result;
  for (auto& [segment, tables] : offsets_) {
    std::uint64_t duplicates = 0;
    Offsets all;
    for (auto& [table, offsets] : tables) {
      std::sort(offsets.begin(), offsets.end());
      const auto last = std::unique(offsets.begin(), offsets.end());
      duplicates += static_cast<std::uint64_t>(offsets.end() - last);
      offsets.erase(last, offsets.end());
      // A line that became rows of two tables counts once.
      Offsets merged;
      std::set_union(all.begin(), all.end(), offsets.begin(), offsets.end(),
                     std::back_inserter(merged));
      all = std::move(merged);
    }
    result.push_back({segment, all.size() + duplicates, all.size()});
  }
  return result;
}

}  // namespace pixel::shipper
