// SPDX-License-Identifier: Apache-2.0
// See s3_objects.h. COLD.
#include "shipper/sinks/s3/s3_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>

#include "base/hash.h"
#include "logfmt/event_line.h"
#include "logfmt/format.h"
#include "shipper/encode/json_lines.h"

namespace pixel::shipper::s3 {
namespace {

constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::size_t kTokenBytes = 16;
// Lines without a time lie in the first hour of all, as in the lake: none is left out.
constexpr std::string_view kNoHour = "1970-01-01-00";

std::string joined(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "/" + name;
}

/// An object, or several where there are too many runs, while lines come.
class Growing {
 public:
  Growing(std::string stem, std::string ending, std::string token, std::string_view header)
      : stem_(std::move(stem)),
        ending_(std::move(ending)),
        token_(std::move(token)),
        header_(header) {}

  /// The object that the lines go into. `is_apart`: lines of the segment were left out since its
  /// last one.
  PlannedObject& add(const Range& lines, bool is_apart) {
    Range* const run = objects_.empty() || is_apart ? nullptr : last_run(lines.segment);
    if (run != nullptr) {
      run->to = lines.to;
      run->lines += lines.lines;
    } else {
      begin_run(lines);
    }
    objects_.back().lines += lines.lines;
    return objects_.back();
  }
  std::size_t count() const noexcept { return objects_.size(); }
  void take(std::vector<PlannedObject>& all) {
    for (PlannedObject& object : objects_) all.push_back(std::move(object));
  }

 private:
  // Segments take turns in a batch, chunk by chunk.
  Range* last_run(const logfmt::SegmentId& segment) {
    auto& ranges = objects_.back().ranges;
    const auto found = std::find_if(ranges.rbegin(), ranges.rend(),
                                    [&](const Range& range) { return range.segment == segment; });
    return found == ranges.rend() ? nullptr : &*found;
  }
  void begin_run(const Range& range) {
    if (objects_.empty() || objects_.back().ranges.size() == kRangesMax) {
      PlannedObject& object = objects_.emplace_back();
      const std::size_t number = objects_.size() - 1;
      object.stem = stem_;
      object.key = number == 0 ? fmt::format("{}{}{}", stem_, token_, ending_)
                               : fmt::format("{}{}-{}{}", stem_, token_, number, ending_);
      object.text.append(header_);
    }
    objects_.back().ranges.push_back(range);
  }

  const std::string stem_;
  const std::string ending_;
  const std::string token_;
  const std::string_view header_;
  std::vector<PlannedObject> objects_;
};

bool is_line_hour(std::string_view line) {
  constexpr std::string_view kForm = "dddd-dd-dd\tdd";
  if (line.size() <= logfmt::kHourBytes) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool is_digit = line[i] >= '0' && line[i] <= '9';
    if (kForm[i] == 'd' ? !is_digit : line[i] != kForm[i]) return false;
  }
  return true;
}

std::string hour_of_line(const logfmt::SegmentId& segment, std::string_view line) {
  if (segment.lane.kind == logfmt::SegmentKind::kEvents) {
    const auto head = logfmt::parse_event_head(line);
    return head ? logfmt::hour_text(head->unix_seconds) : std::string(kNoHour);
  }
  if (!is_line_hour(line)) return std::string(kNoHour);
  std::string hour(line.substr(0, logfmt::kHourBytes));
  hour[10] = '-';
  return hour;
}

/// Sorts lines by the hour of their requests.
class LinePlanner {
 public:
  LinePlanner(const Batch& batch, const S3SinkSettings& settings, const Wanted& wanted)
      : settings_(settings), token_(batch.token()), wanted_(wanted) {
    for (const LineChunk& chunk : batch.lines) add_chunk(chunk);
  }
  std::vector<PlannedObject> take() {
    std::vector<PlannedObject> all;
    for (auto& [stem, growing] : objects_) growing.take(all);
    return all;
  }

 private:
  void add_chunk(const LineChunk& chunk) {
    std::string_view text = chunk.text;
    std::uint64_t offset = chunk.offset;
    // Usually: they need not be looked at one by one.
    const bool goes_whole = chunk.is_one_hour && is_access(chunk.segment) && !wanted_;
    if (goes_whole) {
      find_object(chunk.segment, text);
      current_->add({chunk.segment, offset, offset + text.size(), chunk.lines}, false)
          .text.append(text);
      return;
    }
    while (!text.empty()) {
      const auto* const newline =
          static_cast<const char*>(std::memchr(text.data(), '\n', text.size()));
      const std::size_t bytes =
          newline == nullptr ? text.size() : static_cast<std::size_t>(newline - text.data()) + 1;
      // Headers and fillers of the segment are no lines.
      if (text.front() != '#' && text.front() != '\n') {
        add_line(chunk.segment, offset, text.substr(0, bytes));
      }
      text.remove_prefix(bytes);
      offset += bytes;
    }
  }

  void add_line(const logfmt::SegmentId& segment, std::uint64_t offset, std::string_view line) {
    find_object(segment, line);
    if (wanted_ && !wanted_(stem_, segment, offset)) {
      left_out_ = true;
      return;
    }
    current_->add({segment, offset, offset + line.size(), 1}, left_out_).text.append(line);
    left_out_ = false;
  }

  static bool is_access(const logfmt::SegmentId& segment) noexcept {
    return logfmt::line_kind(segment.lane.kind) == logfmt::SegmentKind::kAccess;
  }

  // Nearly all lines are of the hour of the one before.
  void find_object(const logfmt::SegmentId& segment, std::string_view line) {
    const bool is_of_requests = is_access(segment);
    const bool is_same = is_of_requests && current_ != nullptr && !line_hour_.empty() &&
                         line.starts_with(line_hour_);
    if (is_same) return;
    line_hour_ = is_of_requests && is_line_hour(line) ? line.substr(0, logfmt::kHourBytes) : "";
    const std::string folder =
        is_of_requests ? settings_.prefix : joined(settings_.prefix, "events");
    stem_ =
        joined(folder, fmt::format("{}.{}.", settings_.distribution, hour_of_line(segment, line)));
    const std::string_view header = is_of_requests ? logfmt::kAccessHeader : std::string_view();
    current_ = &objects_.try_emplace(stem_, stem_, ".gz", token_, header).first->second;
  }

  const S3SinkSettings& settings_;
  const std::string token_;
  const Wanted& wanted_;
  std::map<std::string, Growing> objects_;  // By stem.
  Growing* current_ = nullptr;
  std::string stem_;       // Of current_.
  std::string line_hour_;  // How the lines of current_ begin; "": unknown.
  bool left_out_ = false;
};

/// Rows of a table, hour by hour.
class RowPlanner {
 public:
  RowPlanner(const TableSpec& table, const RowBlock& rows, const S3SinkSettings& settings,
             std::string token)
      : table_(table), rows_(rows), settings_(settings), token_(std::move(token)) {}

  void plan(const Wanted& wanted, std::vector<PlannedObject>& all) {
    std::map<std::int64_t, std::vector<std::uint32_t>> hours;
    const std::size_t time = table_.find(ColumnSource::kRequestTime);
    for (std::uint32_t row = 0; row < rows_.row_count; ++row) {
      const bool has_time = time < rows_.columns.size() && !rows_.columns[time][row].null;
      hours[has_time ? hour_of(rows_.columns[time][row].integer) : 0].push_back(row);
    }
    for (const auto& [hour, selection] : hours) plan_hour(hour, selection, wanted, all);
  }

 private:
  static std::int64_t hour_of(std::int64_t time_us) {
    return time_us >= 0 ? time_us / kHourUs : (time_us - kHourUs + 1) / kHourUs;
  }

  void plan_hour(std::int64_t hour, const std::vector<std::uint32_t>& selection,
                 const Wanted& wanted, std::vector<PlannedObject>& all) {
    const std::string text = logfmt::hour_text(hour * 3600);
    const std::string folder =
        fmt::format("{}/date={}/hour={}/", table_.name, text.substr(0, 10), text.substr(11));
    const std::string stem = joined(settings_.prefix, folder);
    Growing growing(stem, settings_.gzip ? ".jsonl.gz" : ".jsonl", token_, "");
    std::vector<std::vector<std::uint32_t>> kept;  // Rows by object.
    bool left_out = false;
    for (const std::uint32_t row : selection) {
      const auto [segment, offset] = place_of(row);
      if (wanted && !wanted(stem, segment, offset)) {
        left_out = true;
        continue;
      }
      const std::size_t before = growing.count();
      growing.add({segment, offset, offset + 1, 1}, left_out);
      left_out = false;
      if (growing.count() != before) kept.emplace_back();
      kept.back().push_back(row);
    }
    const std::size_t first = all.size();
    growing.take(all);
    for (std::size_t i = 0; i < kept.size(); ++i) encode(kept[i], all[first + i]);
  }

  std::pair<logfmt::SegmentId, std::uint64_t> place_of(std::uint32_t row) {
    const std::size_t segment = table_.find(ColumnSource::kSegment);
    const std::size_t offset = table_.find(ColumnSource::kOffset);
    const bool has_lineage = segment < rows_.columns.size() && offset < rows_.columns.size();
    if (!has_lineage) return {};
    const std::string_view text = rows_.columns[segment][row].text();
    if (text != segment_text_) {
      segment_text_ = text;
      segment_ = logfmt::parse_segment(text).value_or(logfmt::SegmentId{});
    }
    return {segment_, static_cast<std::uint64_t>(rows_.columns[offset][row].integer)};
  }

  void encode(const std::vector<std::uint32_t>& selection, PlannedObject& object) {
    JsonLines encoder(table_.columns);
    const bool is_all = selection.size() == rows_.row_count;
    object.text.append(object.rows.copy(encoder.encode(is_all ? rows_ : part_of(selection))));
  }

  const RowBlock& part_of(const std::vector<std::uint32_t>& selection) {
    part_.row_count = selection.size();
    part_.columns.resize(rows_.columns.size());
    for (std::size_t i = 0; i < rows_.columns.size(); ++i) {
      part_.columns[i].clear();
      for (const std::uint32_t row : selection) part_.columns[i].push_back(rows_.columns[i][row]);
    }
    return part_;
  }

  const TableSpec& table_;
  const RowBlock& rows_;
  const S3SinkSettings& settings_;
  const std::string token_;
  RowBlock part_;
  std::string segment_text_;
  logfmt::SegmentId segment_;  // Of segment_text_.
};

template <class Integer>
bool read_integer(std::string_view& text, Integer& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool skip(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

// With or without "-1".
bool is_token(std::string_view name) {
  const bool has_length =
      name.size() == kTokenBytes || (name.size() > kTokenBytes && name[kTokenBytes] == '-');
  return has_length && std::all_of(name.begin(), name.begin() + kTokenBytes, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::vector<PlannedObject> plan_objects(const Batch& batch, const S3SinkSettings& settings,
                                        const std::vector<TableSpec>& tables,
                                        const Wanted& wanted) {
  if (settings.format == S3Format::kCloudFront) return LinePlanner(batch, settings, wanted).take();
  std::vector<PlannedObject> all;
  for (std::size_t i = 0; i < tables.size() && i < batch.tables.size(); ++i) {
    RowPlanner(tables[i], batch.tables[i], settings, batch.token()).plan(wanted, all);
  }
  return all;
}

void rename_restored(PlannedObject& object) {
  const std::string ending = object.key.substr(object.key.find_first_of('.', object.stem.size()));
  const std::uint64_t token = base::hash64(object.key + object.text.joined());
  object.key = fmt::format("{}{:016x}{}", object.stem, token, ending);
  object.is_restored = true;
}

std::string ranges_text(const std::vector<Range>& ranges) {
  std::string text;
  for (const Range& range : ranges) {
    text += fmt::format("{}{}:{}-{}:{}", text.empty() ? "" : ",", to_text(range.segment),
                        range.from, range.to, range.lines);
  }
  return text;
}

std::optional<std::vector<Range>> parse_ranges(std::string_view text) {
  std::vector<Range> ranges;
  do {
    const auto segment = logfmt::parse_segment(text.substr(0, logfmt::kSegmentTextBytes));
    if (!segment) return std::nullopt;
    text.remove_prefix(logfmt::kSegmentTextBytes);
    Range range{*segment, 0, 0, 0};
    const bool is_whole = skip(text, ':') && read_integer(text, range.from) && skip(text, '-') &&
                          read_integer(text, range.to) && skip(text, ':') &&
                          read_integer(text, range.lines);
    if (!is_whole) return std::nullopt;
    ranges.push_back(range);
  } while (skip(text, ','));
  if (!text.empty()) return std::nullopt;
  return ranges;
}

std::optional<std::string> stem_of_key(std::string_view key, const S3SinkSettings& settings) {
  const bool is_lines = settings.format == S3Format::kCloudFront;
  const std::string_view ending = is_lines ? ".gz" : settings.gzip ? ".jsonl.gz" : ".jsonl";
  if (!key.ends_with(ending)) return std::nullopt;
  const std::string_view name = key.substr(0, key.size() - ending.size());
  const std::size_t last = name.rfind(is_lines ? '.' : '/');
  if (last == std::string_view::npos || !is_token(name.substr(last + 1))) return std::nullopt;
  return std::string(key.substr(0, last + 1));
}

}  // namespace pixel::shipper::s3
