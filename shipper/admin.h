// SPDX-License-Identifier: Apache-2.0
// What the admin listener answers. COLD; handlers run on its threads.
//   GET  /healthz   200 while the process lives
//   GET  /readyz    200 when every sink works and the spool has room, else 503 and why not
//   GET  /metrics   Prometheus text
//   GET  /status    status_json
//   GET  /holdings  holdings_json; reads back what lies in the sinks: seconds on large ones
//   GET  /job       the last job: {"job":N,"state":"running",...}
//   POST /job       a job's request (job.h) -> 202 {"job":N}; 409 while another one runs
//   POST /job/cancel
//   POST /query     body {"sql":"SELECT ...","sink":"name or empty"} -> the answer's JSON
#pragma once

#include "base/admin_server.h"
#include "shipper/service.h"

namespace pixel::shipper {

/// Registers the paths; `service` outlives the server.
void serve_admin(base::AdminServer& server, Service& service);

/// The body of a POST to /query.
std::string query_request(const std::string& sink, const std::string& sql);

}  // namespace pixel::shipper
