// SPDX-License-Identifier: Apache-2.0
// COLD: what a serving edge shows and hands out: admin listener, metrics, listeners, heartbeats.
#include <algorithm>

#include "edge/server.h"

namespace pixel::edge {

AdminView Server::admin_view() const {
  AdminView view;
  view.controls = &controls_;
  view.keeper = keeper_.get();
  view.page = &*page_;
  view.draining = &draining_;
  view.refuse_when_full = &refuse_when_full_;
  view.backend = backend_;
  view.version = version_;
  return view;
}

base::Status Server::start_statsd() {
  statsd_.reset();
  if (config_.statsd_address.empty()) return base::ok_status();
  auto pusher = base::StatsdPusher::start(config_.statsd_address, config_.statsd_prefix,
                                          config_.statsd_interval_ns,
                                          [view = admin_view()] { return metrics_text(view); });
  if (!pusher) return pusher.error();
  statsd_ = std::move(pusher).value();
  return base::ok_status();
}

base::Status Server::start_admin() {
  const std::lock_guard lock(doors_);
  if (auto pushing = start_statsd(); !pushing) return pushing;
  if (config_.admin_listen.empty()) return base::ok_status();
  admin_ = std::make_unique<base::AdminServer>();
  register_admin(*admin_, admin_view());
  return admin_->start(config_.admin_listen);
}

void Server::stop_admin() {
  const std::lock_guard lock(doors_);
  statsd_.reset();
  if (admin_) admin_->stop();
  admin_.reset();
}

std::vector<ListenerView> Server::all_listeners() const {
  std::vector<ListenerView> all;
  for (std::size_t worker = 0; worker < workers_count_; ++worker) {
    const auto own = listeners_.of_worker(worker);
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

std::uint64_t Server::oldest_heartbeat_ns() const noexcept {
  std::uint64_t oldest_ns = UINT64_MAX;
  for (const logfmt::ControlSlot& slot : page_->slots()) {
    oldest_ns = std::min(oldest_ns, slot.heartbeat_ns.load(std::memory_order_acquire));
  }
  return oldest_ns;
}

}  // namespace pixel::edge
