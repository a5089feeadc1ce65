// SPDX-License-Identifier: Apache-2.0
// See job.h: requests and reports as JSON, for the admin address and --json. COLD; pure.
#include <nlohmann/json.hpp>

#include "shipper/job.h"

namespace pixel::shipper {
namespace {

using nlohmann::json;

constexpr std::string_view kKinds[] = {"replay", "dead_letters"};
constexpr std::string_view kStates[] = {"none", "running", "done", "failed"};

std::string dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

base::Status read_segments(const json& object, Selection& selection) {
  for (const json& name : object.value("segments", json::array())) {
    const auto segment =
        name.is_string() ? logfmt::parse_segment(name.get<std::string>()) : std::nullopt;
    if (!segment) return base::Error{"segments: expected names such as A0001673F3C2A00300000007"};
    selection.segments.push_back(*segment);
  }
  return base::ok_status();
}

}  // namespace

std::string_view job_kind_name(JobKind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}
std::string_view job_state_name(JobReport::State state) noexcept {
  return kStates[static_cast<std::size_t>(state)];
}

std::string to_json(const JobRequest& request) {
  json object = {
      {"kind", job_kind_name(request.kind)}, {"sink", request.sink}, {"table", request.table}};
  if (request.selection.from_s) object["from"] = *request.selection.from_s;
  if (request.selection.to_s) object["to"] = *request.selection.to_s;
  for (const auto& segment : request.selection.segments) {
    object["segments"].push_back(to_text(segment));
  }
  return dump(object);
}

base::Result<JobRequest> parse_job_request(std::string_view text) {
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  if (!object.is_object()) return base::Error{"expected a JSON object"};
  try {
    JobRequest request;
    const std::string kind = object.value("kind", "");
    if (kind != kKinds[0] && kind != kKinds[1]) {
      return base::Error{"kind: expected \"replay\" or \"dead_letters\""};
    }
    request.kind = kind == kKinds[0] ? JobKind::kReplay : JobKind::kDeadLetters;
    request.sink = object.value("sink", "");
    request.table = object.value("table", "");
    if (object.contains("from")) request.selection.from_s = object["from"].get<std::int64_t>();
    if (object.contains("to")) request.selection.to_s = object["to"].get<std::int64_t>();
    if (auto status = read_segments(object, request.selection); !status) return status.error();
    return request;
  } catch (const json::exception&) {
    return base::Error{"a member has another type than expected"};
  }
}

std::string to_json(const JobReport& report) {
  json object = {{"job", report.number},
                 {"state", job_state_name(report.state)},
                 {"kind", job_kind_name(report.request.kind)},
                 {"sink", report.request.sink},
                 {"bytes_total", report.bytes_total},
                 {"bytes_done", report.bytes_done},
                 {"segments_total", report.segments_total},
                 {"segments_done", report.segments_done},
                 {"lines", report.lines},
                 {"error", report.error}};
  if (report.state != JobReport::State::kDone) return dump(object);
  const JobOutcome& outcome = report.outcome;
  object["lines"] = outcome.lines;
  object["rows"] = outcome.rows;
  object["dead_lettered"] = outcome.dead_lettered;
  object["rejected_rows"] = outcome.rejected_rows;
  if (!outcome.reason.empty()) object["reason"] = outcome.reason;
  object["restored"] = outcome.restored ? json(*outcome.restored) : json(nullptr);
  object["gone_segments"] = json::array();
  for (const auto& segment : outcome.gone) object["gone_segments"].push_back(to_text(segment));
  return dump(object);
}

}  // namespace pixel::shipper
