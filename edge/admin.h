// SPDX-License-Identifier: Apache-2.0
// What the edge tells about itself on the admin listener: /healthz, /readyz, /metrics. COLD.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/admin_server.h"
#include "edge/config.h"
#include "edge/log/keeper.h"
#include "edge/worker.h"
#include "logfmt/control_page.h"

namespace pixel::edge {

/// What is to be told, borrowed: outlives the AdminServer it is given to.
struct AdminView {
  const std::vector<std::unique_ptr<WorkerControl>>* controls = nullptr;
  const Keeper* keeper = nullptr;
  const logfmt::ControlPage* page = nullptr;
  const std::atomic<bool>* draining = nullptr;
  const std::atomic<bool>* refuse_when_full = nullptr;
  Backend backend = Backend::kEpoll;
  std::string version;
};

/// Empty when every worker serves, has a place for lines, and no drain has begun; else why not.
std::string why_not_ready(const AdminView& view);

/// Empty while the disk takes every worker's lines (log.durability = "disk"); else whose it does
/// not, and why.
std::string disk_trouble(const std::vector<std::unique_ptr<WorkerControl>>& controls);

/// The scrape: Prometheus text.
std::string metrics_text(const AdminView& view);

/// Registers the paths. REQUIRES: before server.start.
void register_admin(base::AdminServer& server, const AdminView& view);

}  // namespace pixel::edge
