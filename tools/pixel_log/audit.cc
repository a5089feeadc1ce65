// SPDX-License-Identifier: Apache-2.0
// COLD: see audit.h. The order of the checks, and the reports.
#include "tools/pixel_log/audit.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace pixel::logs {
namespace {

std::string sink_row(const SinkTotals& sink) {
  std::string text = fmt::format("  {:<12} {:>14}", sink.name, sink.rows);
  if (sink.filtered > 0) text += fmt::format("  filtered {}", sink.filtered);
  if (sink.dead_lettered > 0) text += fmt::format("  dead-lettered {}", sink.dead_lettered);
  if (sink.pending > 0) text += fmt::format("  pending {}", sink.pending);
  if (sink.missing_rows > 0) text += fmt::format("  MISSING {}", sink.missing_rows);
  if (sink.duplicate_rows > 0) text += fmt::format("  DUPLICATE {}", sink.duplicate_rows);
  return text + '\n';
}

nlohmann::ordered_json sink_json(const SinkTotals& sink) {
  nlohmann::ordered_json object;
  object["name"] = sink.name;
  object["rows"] = sink.rows;
  object["duplicate_rows"] = sink.duplicate_rows;
  object["missing_rows"] = sink.missing_rows;
  object["filtered"] = sink.filtered;
  object["dead_lettered"] = sink.dead_lettered;
  object["pending"] = sink.pending;
  return object;
}

nlohmann::ordered_json defect_json(const Defect& defect) {
  nlohmann::ordered_json object;
  object["kind"] = std::string(defect_kind_name(defect.kind));
  object["where"] = defect.where;
  object["what"] = defect.what;
  object["amount"] = defect.amount;
  return object;
}

}  // namespace

std::uint64_t AuditResult::lost() const noexcept {
  std::uint64_t sum = lost_lines + (client ? client->missing : 0);
  for (const SinkTotals& sink : sinks) sum += sink.missing_rows;
  return sum;
}

std::uint64_t AuditResult::duplicated() const noexcept {
  std::uint64_t sum = duplicate_lines + (client ? client->duplicated : 0);
  for (const SinkTotals& sink : sinks) sum += sink.duplicate_rows;
  return sum;
}

base::Result<AuditResult> audit(const AuditInput& input) {
  AuditResult result;
  const auto books = gather(input, result);
  if (!books) return books.error();
  check_lanes(*books, result);
  check_boots(*books, result);
  check_sinks(input, *books, result);
  check_client(input, *books, result);
  return result;
}

std::string to_table(const AuditResult& result) {
  std::string text;
  if (result.client) text += fmt::format("  {:<12} {:>14}\n", "client", result.client->answered);
  text += fmt::format("  {:<12} {:>14}\n", "answered", result.answered);
  text += fmt::format("  {:<12} {:>14}  in {} segments", "logged", result.logged, result.segments);
  if (result.segments_without_data > 0) {
    text += fmt::format(", {} of them by their manifest alone", result.segments_without_data);
  }
  if (result.logged > result.answered) {
    text += fmt::format("; {} without an answer handed over", result.logged - result.answered);
  }
  text += '\n';
  if (result.events > 0) text += fmt::format("  {:<12} {:>14}\n", "events", result.events);
  if (result.foreign > 0) text += fmt::format("  {:<12} {:>14}\n", "foreign", result.foreign);
  for (const SinkTotals& sink : result.sinks) text += sink_row(sink);
  if (result.refused > 0) text += fmt::format("  {:<12} {:>14}\n", "refused", result.refused);
  for (const std::string& note : result.notes) text += "  note: " + note + '\n';
  for (const Defect& defect : result.defects) {
    text += fmt::format("  {}: {}: {}\n", defect_kind_name(defect.kind), defect.where, defect.what);
  }
  return text + summary_line(result) + '\n';
}

std::string summary_line(const AuditResult& result) {
  std::string text = fmt::format("answered={} logged={}", result.answered, result.logged);
  if (result.events > 0) text += fmt::format(" events={}", result.events);
  if (result.foreign > 0) text += fmt::format(" foreign={}", result.foreign);
  for (const SinkTotals& sink : result.sinks) text += fmt::format(" {}={}", sink.name, sink.rows);
  return text + (result.balanced()
                     ? " balanced"
                     : fmt::format(" NOT balanced: {} defects", result.defects.size()));
}

std::string to_json(const AuditResult& result) {
  nlohmann::ordered_json object;
  object["balanced"] = result.balanced();
  object["answered"] = result.answered;
  object["logged"] = result.logged;
  object["events"] = result.events;
  object["foreign"] = result.foreign;
  object["unlogged"] = result.unlogged;
  object["refused"] = result.refused;
  object["segments"] = result.segments;
  object["segments_without_data"] = result.segments_without_data;
  object["lost"] = result.lost();
  object["duplicated"] = result.duplicated();
  object["torn"] = result.torn_lines;
  object["sinks"] = nlohmann::ordered_json::array();
  for (const SinkTotals& sink : result.sinks) object["sinks"].push_back(sink_json(sink));
  if (result.client) {
    object["client"]["answered"] = result.client->answered;
    object["client"]["missing"] = result.client->missing;
    object["client"]["duplicated"] = result.client->duplicated;
  }
  object["defects"] = nlohmann::ordered_json::array();
  for (const Defect& defect : result.defects) object["defects"].push_back(defect_json(defect));
  object["notes"] = result.notes;
  return object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace pixel::logs
