// SPDX-License-Identifier: Apache-2.0
// COLD: see holdings.h.
#include "tools/pixel_log/holdings.h"

#include <algorithm>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace pixel::logs {
namespace {

using Json = nlohmann::json;

// Reads one object of the JSON; the first thing that does not fit is the error.
class Reader {
 public:
  std::uint64_t number(const Json& object, const char* key, const char* what) {
    const auto value = object.find(key);
    if (value != object.end() && value->is_number_unsigned()) return value->get<std::uint64_t>();
    fail(what, key, "an unsigned integer");
    return 0;
  }
  std::string text(const Json& object, const char* key, const char* what) {
    const auto value = object.find(key);
    if (value != object.end() && value->is_string()) return value->get<std::string>();
    fail(what, key, "a string");
    return {};
  }
  const Json& array(const Json& object, const char* key, const char* what) {
    static const Json kNone = Json::array();
    const auto value = object.find(key);
    if (value != object.end() && value->is_array()) return *value;
    fail(what, key, "an array");
    return kNone;
  }
  void fail(std::string_view what, std::string_view key, std::string_view expected) {
    if (error_.empty()) error_ = fmt::format("holdings: {}: {}: expected {}", what, key, expected);
  }
  const std::string& error() const { return error_; }

 private:
  std::string error_;
};

// 0 where the object has no such key.
std::uint64_t optional_number(Reader& reader, const Json& object, const char* key,
                              const char* what) {
  return object.contains(key) ? reader.number(object, key, what) : 0;
}

bool is_pair(const Json& value) {
  return value.is_array() && value.size() == 2 && value[0].is_number_unsigned() &&
         value[1].is_number_unsigned();
}

void read_checkpoint(Reader& reader, const Json& checkpoint, SinkHoldings& sink) {
  sink.missing = optional_number(reader, checkpoint, "missing", "checkpoint");
  sink.filtered = optional_number(reader, checkpoint, "filtered", "checkpoint");
  sink.dead_lettered = optional_number(reader, checkpoint, "dead_lettered", "checkpoint");
  const auto lanes = checkpoint.find("lanes");
  if (lanes == checkpoint.end() || !lanes->is_object()) {
    return reader.fail("checkpoint", "lanes", "an object");
  }
  sink.lanes.emplace();
  for (const auto& [name, pair] : lanes->items()) {
    const auto lane = logfmt::parse_lane(name);
    if (!lane || !is_pair(pair)) {
      return reader.fail("checkpoint", name, "\"<lane>\": [index, offset]");
    }
    (*sink.lanes)[*lane] = {pair[0].get<std::uint32_t>(), pair[1].get<std::uint64_t>()};
  }
}

// Absent in what earlier shippers say, which took access lines alone.
void read_kinds(Reader& reader, const Json& object, SinkHoldings& sink) {
  if (!object.contains("kinds")) return;
  const auto& kinds = reader.array(object, "kinds", "sink");
  const auto has = [&kinds](const char* kind) {
    return std::find(kinds.begin(), kinds.end(), Json(kind)) != kinds.end();
  };
  sink.takes_access = has("access");
  sink.takes_events = has("events");
}

void read_holding(Reader& reader, const Json& object, SinkHoldings& sink) {
  const auto segment = logfmt::parse_segment(reader.text(object, "segment", "holding"));
  if (!segment) return reader.fail("holding", "segment", "24 characters of a segment's name");
  SegmentHolding& holding = sink.segments[*segment];
  holding.rows += reader.number(object, "rows", "holding");
  const char* const distinct = object.contains("distinct") ? "distinct" : "distinct_rows";
  holding.distinct_rows += reader.number(object, distinct, "holding");
}

void read_foreign(Reader& reader, const Json& object, SinkHoldings& sink) {
  if (!object.contains("foreign")) return;
  for (const Json& lines : reader.array(object, "foreign", "sink")) {
    const auto segment = logfmt::parse_segment(reader.text(lines, "segment", "foreign"));
    if (!segment) return reader.fail("foreign", "segment", "24 characters of a segment's name");
    sink.foreign[*segment] = {reader.number(lines, "lines", "foreign"),
                              reader.number(lines, "passed", "foreign")};
  }
  const auto retired = object.find("foreign_retired");
  if (retired == object.end() || !retired->is_object()) {
    return reader.fail("sink", "foreign_retired", "an object");
  }
  for (const auto& [name, pair] : retired->items()) {
    const auto lane = logfmt::parse_lane(name);
    if (!lane || !is_pair(pair)) {
      return reader.fail("foreign_retired", name, "\"<lane>\": [index, lines]");
    }
    sink.foreign_retired[*lane] = {pair[0].get<std::uint32_t>(), pair[1].get<std::uint64_t>()};
  }
}

SinkHoldings read_sink(Reader& reader, const Json& object) {
  SinkHoldings sink;
  sink.name = reader.text(object, "name", "sink");
  if (object.contains("error")) {
    sink.error = reader.text(object, "error", "sink");
    return sink;
  }
  read_kinds(reader, object, sink);
  read_foreign(reader, object, sink);
  const auto checkpoint = object.find("checkpoint");
  if (checkpoint != object.end() && checkpoint->is_object()) {
    read_checkpoint(reader, *checkpoint, sink);
  }
  // At the sink, where they are given, they are newer than in its checkpoint.
  if (object.contains("filtered")) sink.filtered = reader.number(object, "filtered", "sink");
  if (object.contains("dead_lettered")) {
    sink.dead_lettered = reader.number(object, "dead_lettered", "sink");
  }
  const char* const list = object.contains("segments") ? "segments" : "holdings";
  for (const Json& holding : reader.array(object, list, "sink")) {
    read_holding(reader, holding, sink);
  }
  return sink;
}

}  // namespace

base::Result<std::vector<SinkHoldings>> parse_holdings(std::string_view json) {
  const Json root = Json::parse(json.begin(), json.end(), nullptr, false);
  if (!root.is_object()) return base::Error{"holdings: not a JSON object"};
  Reader reader;
  std::vector<SinkHoldings> sinks;
  for (const Json& sink : reader.array(root, "sinks", "holdings")) {
    if (!sink.is_object()) return base::Error{"holdings: sinks: expected objects"};
    sinks.push_back(read_sink(reader, sink));
  }
  if (!reader.error().empty()) return base::Error{reader.error()};
  return sinks;
}

}  // namespace pixel::logs
