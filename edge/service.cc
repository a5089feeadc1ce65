// SPDX-License-Identifier: Apache-2.0
// COLD: see service.h. The start; what happens while it serves is service_events.cc.
#include "edge/service.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/units.h"
#include "edge/life/activation.h"

namespace pixel::edge {
namespace {

// Signals are read by the main thread alone, with sigtimedwait: no handler, no async-signal rules.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR2, SIGCHLD}) sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

}  // namespace

Service::Service(ServiceOptions options, EdgeConfig config)
    : options_(std::move(options)), config_(std::move(config)), signals_(block_signals()) {}

Service::~Service() = default;

bool Service::run() {
  if (const auto started = start(); !started) {
    spdlog::error("{}", started.error().message);
    return false;
  }
  const bool asked = serve();
  // A take-over that is not complete by now must not become so while the listeners go down.
  if (handover_ && !taken_over_) handover_->stop();
  notify_.stopping("draining");
  server_->stop_being_ready();
  if (taken_over_) server_->leave_listeners_open(true);
  if (asked) {
    drain();
  } else {
    server_->begin_drain(0);
  }
  if (handover_) handover_->stop();
  const auto finished = server_->finish();
  if (!finished) spdlog::error("{}", finished.error().message);
  return finished && asked;
}

base::Result<Inheritance> Service::inherit() {
  Inheritance inheritance;
  auto handed = inherited_descriptors(ActivationVariables::take_from_environment(), ::getpid());
  if (!handed) return handed.error();
  for (InheritedDescriptor& each : *handed) {
    stored_names_.push_back(each.name);
    inheritance.listeners.push_back(std::move(each.fd));
  }
  if (!options_.take_over) return inheritance;
  if (config_.handover.empty()) return base::Error{"--take-over needs server.handover"};
  auto asked = HandoverClient::ask(config_.handover);
  if (!asked) return asked.error();
  predecessor_ = std::move(asked).value();
  for (base::UniqueFd& fd : predecessor_->take_listeners()) {
    inheritance.listeners.push_back(std::move(fd));
  }
  inheritance.backend =
      predecessor_->mode() == backend_name(Backend::kIoUring) ? Backend::kIoUring : Backend::kEpoll;
  return inheritance;
}

base::Status Service::start() {
  auto inheritance = inherit();
  if (!inheritance) return inheritance.error();
  const bool from_manager = !stored_names_.empty();
  auto booted = Server::boot(config_, options_.version, std::move(inheritance).value());
  if (!booted) return booted.error();
  server_ = std::move(booted).value();
  if (auto doors = take_over_doors(); !doors) return doors;
  const pid_t instead_of = predecessor_ ? predecessor_->predecessor_pid() : 0;
  notify_ = base::ServiceNotify(base::NotifyVariables::from_environment(), ::getpid(), instead_of);
  watchdog_.emplace(notify_.watchdog_ns());
  if (predecessor_) ::unsetenv("WATCHDOG_PID");  // It named the first of us; ours are watched too.
  predecessor_.reset();
  server_->leave_listeners_open(from_manager || notify_.enabled());
  keep_in_store();
  notify_.ready("serving");
  return base::ok_status();
}

// The admin port and the handover socket: from the predecessor, where there is one.
base::Status Service::take_over_doors() {
  if (predecessor_) {
    if (auto released = predecessor_->announce_serving(); !released) return released;
  }
  if (auto admin = server_->start_admin(); !admin) return admin;
  start_handover();
  if (!predecessor_) return base::ok_status();
  if (auto over = predecessor_->announce_running(); !over) return over;
  spdlog::info("took over from process {}", predecessor_->predecessor_pid());
  return base::ok_status();
}

// Without it the edge serves all the same; only a take-over is not to be had.
void Service::start_handover() {
  if (config_.handover.empty()) return;
  HandoverOptions options;
  options.path = config_.handover;
  options.mode = backend_name(server_->backend());
  options.replaces_predecessor = predecessor_ != nullptr;
  HandoverCallbacks callbacks;
  callbacks.listeners = [this] {
    std::vector<int> fds;
    for (const ListenerView& each : server_->all_listeners()) fds.push_back(each.fd);
    return fds;
  };
  callbacks.on_release = [this] { server_->stop_admin(); };
  callbacks.on_take_back = [this] {
    if (const auto back = server_->start_admin(); !back) spdlog::error("{}", back.error().message);
  };
  callbacks.on_over = [this](int successor) {
    base::ServiceNotify(base::NotifyVariables::from_environment(), ::getpid()).main_pid(successor);
    taken_over_ = true;
    ::kill(::getpid(), SIGTERM);
  };
  auto handover = HandoverServer::start(std::move(options), std::move(callbacks));
  if (handover) {
    handover_ = std::move(handover).value();
  } else {
    spdlog::warn("no take-over: {}", handover.error().message);
  }
}

// systemd keeps copies of the listeners and hands them to the next start: connections wait in the
// backlog while the service restarts, and none is refused.
void Service::keep_in_store() {
  if (!notify_.enabled()) return;
  for (const std::string& stale : stale_store_names(stored_names_, server_->bound())) {
    notify_.forget(stale);
  }
  const bool kept_already = !stored_names_.empty();
  for (const ListenerView& each : server_->all_listeners()) {
    const std::string name = store_name(server_->bound()[each.address_index]);
    const bool known = kept_already && std::find(stored_names_.begin(), stored_names_.end(),
                                                 name) != stored_names_.end();
    if (!known) notify_.store(each.fd, name);
  }
}

int Service::wait_for_signal(std::uint64_t wait_ns) {
  timespec timeout{};
  timeout.tv_sec = static_cast<time_t>(wait_ns / base::kSecondNs);
  timeout.tv_nsec = static_cast<long>(wait_ns % base::kSecondNs);
  const int number = ::sigtimedwait(&signals_, nullptr, &timeout);
  return number > 0 ? number : 0;
}

}  // namespace pixel::edge
