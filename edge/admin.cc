// SPDX-License-Identifier: Apache-2.0
// COLD: see admin.h. The numbers themselves are in admin_metrics.cc.
#include "edge/admin.h"

#include <fmt/format.h>

#include <cstring>

namespace pixel::edge {

std::string disk_trouble(const std::vector<std::unique_ptr<WorkerControl>>& controls) {
  for (std::size_t worker = 0; worker < controls.size(); ++worker) {
    const int trouble = controls[worker]->disk_trouble.load(std::memory_order_relaxed);
    if (trouble == 0) continue;
    return fmt::format("the disk takes no lines of worker {}: {}", worker,
                       trouble == WorkerControl::kDiskSilent ? "it has not answered for seconds"
                                                             : std::strerror(trouble));
  }
  return {};
}

std::string why_not_ready(const AdminView& view) {
  if (view.draining->load(std::memory_order_acquire)) return "draining";
  for (std::size_t worker = 0; worker < view.controls->size(); ++worker) {
    if (!(*view.controls)[worker]->serving.load(std::memory_order_acquire)) {
      return fmt::format("worker {} does not serve yet", worker);
    }
  }
  if (!view.refuse_when_full->load(std::memory_order_relaxed)) return {};
  if (std::string trouble = disk_trouble(*view.controls); !trouble.empty()) return trouble;
  const KeeperStatus status = view.keeper->status();
  for (const KeeperStatus::Lane& lane : status.lanes) {
    const auto& worker = *(*view.controls)[lane.worker];
    if (lane.has_room && worker.has_place.load(std::memory_order_relaxed)) continue;
    return fmt::format(
        "worker {} has no place for {}: {}", lane.worker,
        lane.kind == logfmt::SegmentKind::kAccess ? "lines" : "events",
        status.last_allocate_error.empty() ? "no segment is ready" : status.last_allocate_error);
  }
  return {};
}

void register_admin(base::AdminServer& server, const AdminView& view) {
  server.get("/healthz", [](const base::AdminRequest&) { return base::AdminReply{200, "ok\n"}; });
  server.get("/readyz", [view](const base::AdminRequest&) {
    const std::string cause = why_not_ready(view);
    if (cause.empty()) return base::AdminReply{200, "ready\n"};
    return base::AdminReply{503, "not ready: " + cause + "\n"};
  });
  server.get("/metrics", [view](const base::AdminRequest&) {
    return base::AdminReply{200, metrics_text(view), "text/plain; version=0.0.4; charset=utf-8"};
  });
}

}  // namespace pixel::edge
