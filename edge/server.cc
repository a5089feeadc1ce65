// SPDX-License-Identifier: Apache-2.0
// COLD: see server.h. The boot; the end is server_end.cc.
#include "edge/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file.h"
#include "base/units.h"
#include "edge/cores.h"
#include "edge/log/identity.h"
#include "edge/log/recovery.h"

namespace pixel::edge {
namespace {

using logfmt::SegmentKind;

constexpr std::uint64_t kLockWaitNs = 60 * base::kSecondNs;
constexpr std::uint64_t kServeWaitNs = 30 * base::kSecondNs;
// Descriptors of a worker besides its connections.
constexpr std::uint64_t kSpareDescriptors = 256;
// Access and events.
constexpr std::uint16_t kLanesPerWorker = 2;

std::uint16_t count_workers(const EdgeConfig& config) {
  if (config.workers != 0) return static_cast<std::uint16_t>(config.workers);
  return static_cast<std::uint16_t>(std::clamp<std::size_t>(allowed_cores().size(), 1, 1024));
}

// The soft limit is a default of 1980s' select(); each worker has a table of its own.
void raise_descriptor_limit(std::uint64_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur < wanted) {
    spdlog::warn(
        "this process may open {} files; server.connections_max wants {} (LimitNOFILE=, ulimit -n)",
        limit.rlim_cur, wanted);
  }
}

void report(const RecoveryReport& recovery) {
  for (const std::string& problem : recovery.problems) spdlog::warn("recovery: {}", problem);
  if (recovery.boots + recovery.sealed_segments + recovery.discarded_segments == 0) return;
  spdlog::info(
      "recovered {} segments with {} lines after {} unclean ends; removed {} empty ones; torn: {} "
      "bytes at ends, {} holes of {} bytes",
      recovery.sealed_segments, recovery.lines, recovery.boots, recovery.discarded_segments,
      recovery.torn_tail_bytes, recovery.holes, recovery.hole_bytes);
}

}  // namespace

Server::Server(const EdgeConfig& config)
    : config_(config), spool_{config.spool_path}, workers_count_(count_workers(config)) {}

// Returns why it is that one.
base::Result<std::string> Server::choose_backend_for(const Inheritance& inheritance) {
  std::string why = "as server.backend says";
  if (config_.backend == BackendChoice::kIoUring) backend_ = Backend::kIoUring;
  if (config_.backend == BackendChoice::kAuto) {
    why = "its self-test passed";
    backend_ = choose_backend(why);
  }
  if (inheritance.backend && *inheritance.backend != backend_) {
    // Whether accept blocks is a property of the listener that both processes share.
    return base::Error{fmt::format(
        "the process to be taken over serves by {}, this one would by {}: stop it first, then "
        "start this one",
        backend_name(*inheritance.backend), backend_name(backend_))};
  }
  return why;
}

base::Result<std::unique_ptr<Server>> Server::boot(const EdgeConfig& config, std::string version,
                                                   Inheritance inheritance) {
  std::unique_ptr<Server> server(new Server(config));
  server->version_ = std::move(version);
  raise_descriptor_limit(config.connections_max + kSpareDescriptors);
  const auto why = server->choose_backend_for(inheritance);
  if (!why) return why.error();
  if (auto done = server->make_rules(); !done) return done.error();
  auto free = probe_listeners(config.listen, inheritance.listeners);
  if (!free) return free.error();
  // The admin port is the predecessor's until we serve.
  if (!inheritance.backend && !config.admin_listen.empty()) {
    if (free = probe_listeners({config.admin_listen}); !free) {
      return base::Error{"admin.listen: " + free.error().message};
    }
  }
  if (auto done = server->prepare_log(); !done) return done.error();
  if (auto done = server->listen(std::move(inheritance.listeners)); !done) return done.error();
  if (auto done = server->start_keeper(); !done) return done.error();
  if (auto done = server->start_workers(); !done) return done.error();
  spdlog::info("serving on {} with {} workers on {} ({}); node {}, boot {}; admin {}",
               fmt::join(server->bound(), ", "), server->workers_count_,
               backend_name(server->backend_), *why, config.node_id, server->boot_,
               config.admin_listen.empty() ? "off" : config.admin_listen);
  return server;
}

base::Status Server::make_rules() {
  auto& secret = config_.policy.hash_secret;
  if (::getrandom(secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size())) {
    return base::Error{"the kernel gives no random bytes (getrandom)"};
  }
  auto rules = Rules::create(config_);
  if (!rules) return rules.error();
  rules_ = std::move(rules).value();
  refuse_when_full_ = !rules_->serve_when_full;
  return base::ok_status();
}

// From identity to control page under the spool's lock: two processes that start at once take
// different boots and do not recover each other's first files.
base::Status Server::prepare_log() {
  if (auto made = create_spool(spool_); !made) return made;
  auto lock = SpoolLock::acquire(spool_, kLockWaitNs);
  if (!lock) return lock.error();
  const auto key = load_or_create_node_key(config_.key_file);
  if (!key) return key.error();
  cipher_.emplace(*key);
  const auto now = static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs);
  const auto boot = take_boot_number(spool_, now);
  if (!boot) return boot.error();
  boot_ = *boot;
  if (auto done = recover(); !done) return done;
  // Before any thread with a descriptor table of its own: each gets a copy.
  active_folder_.reset(::open(spool_.active().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!active_folder_) return base::errno_error("open", spool_.active(), errno);
  auto page = logfmt::ControlPage::create(
      spool_.active() / logfmt::control_file_name(config_.node_id, boot_), config_.node_id, boot_,
      workers_count_, kLanesPerWorker);
  if (!page) return page.error();
  page_.emplace(std::move(page).value());
  return base::ok_status();
}

base::Status Server::recover() {
  RecoveryOptions options;
  options.spool = spool_;
  options.distribution = config_.distribution;
  options.cipher = &*cipher_;
  const auto recovery = recover_spool(options);
  if (!recovery) return recovery.error();
  report(*recovery);
  return base::ok_status();
}

base::Status Server::start_keeper() {
  std::vector<KeeperLane> lanes;
  for (std::uint16_t worker = 0; worker < workers_count_; ++worker) {
    supplies_.push_back(std::make_unique<SegmentSupply>());
    events_supplies_.push_back(std::make_unique<SegmentSupply>());
    lanes.push_back({supplies_.back().get(), &page_->slot(SegmentKind::kAccess, worker)});
    lanes.push_back({events_supplies_.back().get(), &page_->slot(SegmentKind::kEvents, worker),
                     SegmentKind::kEvents, config_.events_segment_bytes, 1});
  }
  KeeperOptions options;
  options.spool = spool_;
  options.distribution = config_.distribution;
  options.node = config_.node_id;
  options.boot = boot_;
  options.segment_bytes = config_.segment_bytes;
  options.standby_segments = config_.standby_segments;
  options.durability = config_.durability;
  keeper_ = std::make_unique<Keeper>(options, lanes);
  return keeper_->start();
}

WorkerOptions Server::worker_options(std::uint16_t index) const {
  const std::vector<int> cores = allowed_cores();
  WorkerOptions options;
  options.index = index;
  if (config_.pin && workers_count_ <= cores.size()) options.cpu = cores[index];
  options.backend = backend_;
  const auto& proxied = config_.client.proxy_listen;
  for (const ListenerView& each : listeners_.of_worker(index)) {
    const bool expects_proxy = std::find(proxied.begin(), proxied.end(),
                                         config_.listen[each.address_index]) != proxied.end();
    options.listeners.push_back({each.fd, expects_proxy});
  }
  options.connections_max = config_.connections_max;
  options.receive_buffers = config_.receive_buffers;
  options.connections_per_address = config_.connections_per_address;
  options.limits.request_line_bytes = static_cast<std::uint32_t>(config_.request_line_bytes);
  options.limits.head_bytes = static_cast<std::uint32_t>(config_.head_bytes);
  options.limits.header_count = config_.header_count;
  options.body_bytes_max = static_cast<std::uint32_t>(config_.body_bytes);
  options.bodies_max = config_.bodies_max;
  options.batch_wait_us_max =
      static_cast<std::uint32_t>(config_.batch_wait_ns / base::kMicrosecondNs);
  options.rules = rules_;
  options.cipher = &*cipher_;
  options.lane = {logfmt::SegmentKind::kAccess, config_.node_id, boot_, index};
  options.edge_location = config_.location;
  options.distribution_host = config_.distribution_host;
  options.segment_age_s = static_cast<std::uint32_t>(config_.segment_age_ns / base::kSecondNs);
  options.durability = config_.durability;
  options.active_folder = active_folder_.get();
  options.supply = supplies_[index].get();
  options.events_supply = events_supplies_[index].get();
  return options;
}

void Server::run_one(WorkerOptions options) {
  const std::uint16_t index = options.index;
  const auto status = run_worker(options, *controls_[index]);
  if (!status) {
    spdlog::error("worker {}: {}", index, status.error().message);
    failed_.store(true, std::memory_order_release);
  }
  controls_[index]->serving.store(false, std::memory_order_release);
  running_.fetch_sub(1, std::memory_order_acq_rel);
}

// Before any thread with a descriptor table of its own: what is closed here is closed for good.
base::Status Server::listen(std::vector<base::UniqueFd> inherited) {
  const bool is_inherited = !inherited.empty();
  auto listeners = open_listeners(config_.listen, workers_count_, std::move(inherited));
  if (!listeners) return listeners.error();
  listeners_ = std::move(listeners).value();
  listeners_.kept_elsewhere = is_inherited;  // Whatever fails now: others listen on them too.
  for (const std::string& unused : listeners_.unused) spdlog::warn("inherited: {}", unused);
  return base::ok_status();
}

base::Status Server::start_workers() {
  // All controls first: a worker's thread may look at none but its own, the admin at all.
  for (std::uint16_t i = 0; i < workers_count_; ++i) {
    controls_.push_back(std::make_unique<WorkerControl>());
  }
  for (std::uint16_t i = 0; i < workers_count_; ++i) {
    WorkerOptions options = worker_options(i);
    options.slot = &page_->slot(SegmentKind::kAccess, i);
    options.events_slot = &page_->slot(SegmentKind::kEvents, i);
    running_.fetch_add(1, std::memory_order_acq_rel);
    threads_.emplace_back([this, options = std::move(options)] { run_one(options); });
  }
  return wait_until_serving();
}

base::Status Server::wait_until_serving() {
  const std::uint64_t deadline_ns = base::monotonic_ns() + kServeWaitNs;
  const auto serves = [](const auto& control) {
    return control->serving.load(std::memory_order_acquire);
  };
  while (!std::all_of(controls_.begin(), controls_.end(), serves)) {
    if (worker_failed()) return base::Error{"a worker could not start"};
    if (base::monotonic_ns() >= deadline_ns) return base::Error{"the workers do not start"};
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return base::ok_status();
}

}  // namespace pixel::edge
