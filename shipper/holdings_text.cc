// SPDX-License-Identifier: Apache-2.0
// See report.h: what sinks hold, as JSON and back. COLD.
#include <nlohmann/json.hpp>

#include "shipper/report.h"

namespace pixel::shipper {
namespace {

using nlohmann::json;

void add_checkpoint(json& entry, const Checkpoint& checkpoint) {
  entry["filtered"] = checkpoint.filtered;
  entry["dead_lettered"] = checkpoint.dead_lettered;
  json lanes = json::object();
  for (const auto& [lane, position] : checkpoint.lanes) {
    lanes[to_text(lane)] = {position.index, position.offset};
  }
  entry["checkpoint"] = {{"lanes", std::move(lanes)}, {"missing", checkpoint.missing}};
}

void add_foreign(json& entry, const SinkHoldings& sink) {
  if (sink.foreign.empty() && sink.foreign_retired.empty()) return;
  entry["foreign"] = json::array();
  for (const ForeignLines& lines : sink.foreign) {
    entry["foreign"].push_back(
        {{"segment", to_text(lines.segment)}, {"lines", lines.lines}, {"passed", lines.passed}});
  }
  entry["foreign_retired"] = json::object();
  for (const auto& [lane, retired] : sink.foreign_retired) {
    entry["foreign_retired"][to_text(lane)] = {retired.next_index, retired.lines};
  }
}

base::Result<Checkpoint> read_checkpoint(const json& entry) {
  Checkpoint checkpoint;
  checkpoint.filtered = entry.value("filtered", std::uint64_t{0});
  checkpoint.dead_lettered = entry.value("dead_lettered", std::uint64_t{0});
  checkpoint.missing = entry.at("checkpoint").value("missing", std::uint64_t{0});
  for (const auto& [name, place] : entry.at("checkpoint").at("lanes").items()) {
    const auto lane = logfmt::parse_lane(name);
    if (!lane) return base::Error{"'" + name + "' names no lane"};
    checkpoint.lanes[*lane] = {place.at(0).get<std::uint32_t>(), place.at(1).get<std::uint64_t>()};
  }
  return checkpoint;
}

base::Status read_foreign(const json& entry, SinkHoldings& sink) {
  for (const json& piece : entry.value("foreign", json::array())) {
    const auto name = piece.at("segment").get<std::string>();
    const auto segment = logfmt::parse_segment(name);
    if (!segment) return base::Error{"'" + name + "' names no segment"};
    sink.foreign.push_back({*segment, piece.at("lines").get<std::uint64_t>(),
                            piece.at("passed").get<std::uint64_t>()});
  }
  for (const auto& [name, retired] : entry.value("foreign_retired", json::object()).items()) {
    const auto lane = logfmt::parse_lane(name);
    if (!lane) return base::Error{"'" + name + "' names no lane"};
    sink.foreign_retired[*lane] = {retired.at(0).get<std::uint32_t>(),
                                   retired.at(1).get<std::uint64_t>()};
  }
  return base::ok_status();
}

base::Result<SinkHoldings> read_sink(const json& entry) {
  SinkHoldings sink{entry.at("name").get<std::string>(), base::Error{""}, nullptr, kNoLanes};
  for (const json& kind : entry.at("kinds")) {
    (kind == "events" ? sink.wanted.events : sink.wanted.access) = true;
  }
  if (entry.contains("checkpoint")) {
    auto checkpoint = read_checkpoint(entry);
    if (!checkpoint) return checkpoint.error();
    sink.checkpoint = std::make_shared<const Checkpoint>(std::move(checkpoint).value());
  }
  if (auto status = read_foreign(entry, sink); !status) return status.error();
  if (entry.contains("error")) {
    sink.holdings = base::Error{entry["error"].get<std::string>()};
    return sink;
  }
  std::vector<Holding> holdings;
  for (const json& held : entry.at("segments")) {
    const auto name = held.at("segment").get<std::string>();
    const auto segment = logfmt::parse_segment(name);
    if (!segment) return base::Error{"'" + name + "' names no segment"};
    holdings.push_back(
        {*segment, held.at("rows").get<std::uint64_t>(), held.at("distinct").get<std::uint64_t>()});
  }
  sink.holdings = std::move(holdings);
  return sink;
}

}  // namespace

std::string holdings_json(const std::vector<SinkHoldings>& sinks) {
  json object = {{"sinks", json::array()}};
  for (const SinkHoldings& sink : sinks) {
    json entry = {{"name", sink.name}, {"kinds", json::array()}};
    if (sink.wanted.access) entry["kinds"].push_back("access");
    if (sink.wanted.events) entry["kinds"].push_back("events");
    if (sink.checkpoint != nullptr) add_checkpoint(entry, *sink.checkpoint);
    add_foreign(entry, sink);
    if (!sink.holdings) {
      entry["error"] = sink.holdings.error().message;
      object["sinks"].push_back(std::move(entry));
      continue;
    }
    std::uint64_t rows = 0;
    std::uint64_t distinct = 0;
    entry["segments"] = json::array();
    for (const Holding& holding : *sink.holdings) {
      rows += holding.rows;
      distinct += holding.distinct_rows;
      entry["segments"].push_back({{"segment", to_text(holding.segment)},
                                   {"rows", holding.rows},
                                   {"distinct", holding.distinct_rows}});
    }
    entry["rows"] = rows;
    entry["distinct"] = distinct;
    object["sinks"].push_back(std::move(entry));
  }
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

base::Result<std::vector<SinkHoldings>> parse_holdings(std::string_view text) {
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  if (!object.is_object() || !object.contains("sinks")) return base::Error{"no holdings"};
  try {
    std::vector<SinkHoldings> sinks;
    for (const json& entry : object["sinks"]) {
      auto sink = read_sink(entry);
      if (!sink) return sink.error();
      sinks.push_back(std::move(sink).value());
    }
    return sinks;
  } catch (const json::exception&) {
    return base::Error{"not the holdings of a shipper"};
  }
}

}  // namespace pixel::shipper
