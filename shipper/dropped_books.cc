// SPDX-License-Identifier: Apache-2.0
// See dropped_books.h. COLD.
#include "shipper/dropped_books.h"

#include <nlohmann/json.hpp>

namespace pixel::shipper {
namespace {

using nlohmann::json;

constexpr unsigned kFormatVersion = 1;
constexpr std::size_t kNamesMax = 1000;

base::Result<DroppedSegment> parse_segment_entry(const json& entry) {
  const base::Error damaged{"not as this program writes it"};
  const auto segment = logfmt::parse_segment(entry.value("segment", ""));
  if (!segment) return damaged;
  DroppedSegment dropped;
  dropped.segment = *segment;
  dropped.lines = entry.at("lines").get<std::uint64_t>();
  dropped.bytes = entry.at("bytes").get<std::uint64_t>();
  dropped.dropped_at = entry.at("dropped_at").get<std::int64_t>();
  dropped.lacked_by = entry.at("lacked_by").get<std::vector<std::string>>();
  return dropped;
}

}  // namespace

// A segment that is there already was recorded by a process that was killed before it deleted it.
void DroppedBooks::add(DroppedSegment segment) {
  for (const DroppedSegment& known : last) {
    if (known.segment == segment.segment) return;
  }
  ++segments;
  lines += segment.lines;
  bytes += segment.bytes;
  last.push_back(std::move(segment));
  if (last.size() > kNamesMax) last.erase(last.begin());
}

std::string to_text(const DroppedBooks& books) {
  json object = {{"format_version", kFormatVersion},
                 {"segments", books.segments},
                 {"lines", books.lines},
                 {"bytes", books.bytes},
                 {"last", json::array()}};
  for (const DroppedSegment& dropped : books.last) {
    object["last"].push_back({{"segment", to_text(dropped.segment)},
                              {"lines", dropped.lines},
                              {"bytes", dropped.bytes},
                              {"dropped_at", dropped.dropped_at},
                              {"lacked_by", dropped.lacked_by}});
  }
  return object.dump() + "\n";
}

base::Result<DroppedBooks> parse_dropped_books(std::string_view text) {
  const base::Error damaged{"not as this program writes it"};
  json object = json::parse(text.begin(), text.end(), nullptr, false);
  if (!object.is_object()) return damaged;
  try {
    if (object.at("format_version") != kFormatVersion) return damaged;
    for (const char* key : {"segments", "lines", "bytes"}) {
      if (!object.at(key).is_number_unsigned()) return damaged;
    }
    DroppedBooks books;
    // Taken as it is, a negative number would become a large one.
    for (const char* key : {"segments", "lines", "bytes"}) {
      if (!object.at(key).is_number_unsigned()) return damaged;
    }
    books.segments = object["segments"].get<std::uint64_t>();
    books.lines = object["lines"].get<std::uint64_t>();
    books.bytes = object["bytes"].get<std::uint64_t>();
    for (const json& entry : object.at("last")) {
      auto segment = parse_segment_entry(entry);
      if (!segment) return segment.error();
      books.last.push_back(std::move(segment).value());
    }
    return books;
  } catch (const json::exception&) {
    return damaged;
  }
}

}  // namespace pixel::shipper
