// SPDX-License-Identifier: Apache-2.0
// See admin.h. COLD.
#include "shipper/admin.h"

#include <nlohmann/json.hpp>

#include "shipper/report.h"

namespace pixel::shipper {
namespace {

constexpr const char* kJson = "application/json";

base::AdminReply ready_reply(Service& service) {
  std::string unready;
  const ShipperState now = service.state();
  for (const SinkReport& report : now.sinks) {
    const PipelineState state = report.status.state;
    if (state == PipelineState::kRunning || report.has_job) continue;
    unready += report.name + ": " + std::string(pipeline_state_name(state)) + " " +
               report.status.last_error + "\n";
  }
  if (now.budget.level == BudgetLevel::kFull) unready += "the spool is full\n";
  if (unready.empty()) return {200, "ready\n"};
  return {503, unready};
}

base::AdminReply query_reply(Service& service, const std::string& body) {
  const auto request = nlohmann::json::parse(body, nullptr, false);
  const bool is_request = request.is_object() && request.contains("sql") &&
                          request["sql"].is_string() &&
                          request.value("sink", nlohmann::json("")).is_string();
  if (!is_request) return {400, "expected {\"sql\":\"...\",\"sink\":\"...\"}\n"};
  const auto answer = service.query(request.value("sink", ""), request["sql"].get<std::string>());
  if (!answer) return {422, answer.error().message};
  return {200, answer->json, kJson};
}

base::AdminReply job_reply(Service& service, const std::string& body) {
  const auto request = parse_job_request(body);
  if (!request) return {400, request.error().message};
  const auto number = service.start_job(*request);
  if (!number) return {409, number.error().message};
  return {202, nlohmann::json{{"job", *number}}.dump(), kJson};
}

}  // namespace

void serve_admin(base::AdminServer& server, Service& service) {
  server.get("/healthz", [](const base::AdminRequest&) { return base::AdminReply{200, "ok\n"}; });
  server.get("/readyz", [&service](const base::AdminRequest&) { return ready_reply(service); });
  server.get("/metrics", [&service](const base::AdminRequest&) {
    return base::AdminReply{200, metrics_text(service.state()) + service.foreign().metrics(),
                            "text/plain; version=0.0.4; charset=utf-8"};
  });
  server.get("/status", [&service](const base::AdminRequest&) {
    return base::AdminReply{200, status_json(service.state()), kJson};
  });
  server.get("/holdings", [&service](const base::AdminRequest&) {
    return base::AdminReply{200, holdings_json(service.holdings()), kJson};
  });
  server.get("/sources", [&service](const base::AdminRequest&) {
    return base::AdminReply{200, service.foreign().to_json(), kJson};
  });
  server.get("/job", [&service](const base::AdminRequest&) {
    return base::AdminReply{200, to_json(service.job()), kJson};
  });
  server.post("/job", [&service](const base::AdminRequest& request) {
    return job_reply(service, request.body);
  });
  server.post("/job/cancel", [&service](const base::AdminRequest&) {
    service.cancel_job();
    return base::AdminReply{200, to_json(service.job()), kJson};
  });
  server.post("/query", [&service](const base::AdminRequest& request) {
    return query_reply(service, request.body);
  });
}

std::string query_request(const std::string& sink, const std::string& sql) {
  return nlohmann::json{{"sink", sink}, {"sql", sql}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace pixel::shipper
