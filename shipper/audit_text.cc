// SPDX-License-Identifier: Apache-2.0
// See audit.h: the report. COLD; pure.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <algorithm>

#include "shipper/audit.h"

namespace pixel::shipper {
namespace {

using nlohmann::json;

std::string finding_line(const SegmentFinding& finding) {
  std::string text = "  segment " + to_text(finding.segment) + ":";
  if (finding.missing > 0) text += fmt::format(" {} rows MISSING", finding.missing);
  if (finding.twice > 0) text += fmt::format(" {} rows TWICE", finding.twice);
  if (finding.missing > 0 && !finding.can_be_read) {
    const bool is_foreign = finding.segment.lane.kind == logfmt::SegmentKind::kForeign;
    text += is_foreign ? " (files of others are not read again)" : " (its data is deleted)";
  }
  return text + "\n";
}

json audit_object(const SinkAudit& audit) {
  json findings = json::array();
  for (const SegmentFinding& finding : audit.findings) {
    findings.push_back({{"segment", to_text(finding.segment)},
                        {"missing", finding.missing},
                        {"twice", finding.twice},
                        {"can_be_read", finding.can_be_read}});
  }
  return {{"name", audit.name},
          {"fine", audit.is_fine()},
          {"can_be_audited", audit.can_be_audited},
          {"error", audit.error},
          {"segments", audit.segments},
          {"lines", audit.lines},
          {"rows", audit.rows},
          {"filtered", audit.filtered},
          {"dead_lettered", audit.dead_lettered},
          {"gone_lines", audit.gone_lines},
          {"missing", audit.missing},
          {"twice", audit.twice},
          {"findings", std::move(findings)},
          {"notes", audit.notes}};
}

}  // namespace

std::string audit_json(const std::vector<SinkAudit>& audits) {
  json list = json::array();
  for (const SinkAudit& audit : audits) list.push_back(audit_object(audit));
  const bool fine = std::all_of(audits.begin(), audits.end(),
                                [](const SinkAudit& audit) { return audit.is_fine(); });
  return json{{"fine", fine}, {"sinks", std::move(list)}}.dump(-1, ' ', false,
                                                               json::error_handler_t::replace);
}

std::string audit_screen(const std::vector<SinkAudit>& audits) {
  std::string text =
      fmt::format("{:<16} {:>8} {:>13} {:>13} {:>10} {:>8} {:>9} {:>7}\n", "sink", "segments",
                  "lines", "rows", "filtered", "dead", "missing", "twice");
  std::uint64_t defects = 0;
  for (const SinkAudit& audit : audits) {
    if (!audit.error.empty()) {
      text += fmt::format("{:<16} cannot be audited: {}\n", audit.name, audit.error);
    } else {
      text += fmt::format("{:<16} {:>8} {:>13} {:>13} {:>10} {:>8} {:>9} {:>7}\n", audit.name,
                          audit.segments, audit.lines, audit.rows, audit.filtered,
                          audit.dead_lettered, audit.missing, audit.twice);
    }
    for (const SegmentFinding& finding : audit.findings) text += finding_line(finding);
    for (const std::string& note : audit.notes) text += "  note: " + note + "\n";
    defects += audit.is_fine() ? 0U : 1U;
  }
  if (defects > 0) {
    return text + fmt::format("NOT balanced: {} of {} sinks\n", defects, audits.size());
  }
  const bool is_any = std::any_of(audits.begin(), audits.end(),
                                  [](const SinkAudit& audit) { return audit.can_be_audited; });
  return text + (is_any ? "balanced: every line that a sink has passed is where it belongs\n"
                        : "nothing was audited\n");
}

}  // namespace pixel::shipper
