// SPDX-License-Identifier: Apache-2.0
// The simulated world without faults: the scenarios' third backend, single-threaded.
#include "base/assert.h"
#include "edge/dispatch.h"
#include "edge/dispatch_bodies.h"
#include "edge/dispatch_disk.h"
#include "edge/dispatch_errors.h"
#include "edge/dispatch_requests.h"
#include "edge/life.h"
#include "tests/sim/simulated_ring.h"
#include "tests/sim/worker_fixture.h"
#include "tests/sim/worlds.h"

namespace pixel::sim {
namespace {

constexpr int kStepsMax = 2000;

edge::RingOptions ring_options(const WorldOptions& options) {
  edge::RingOptions ring;
  ring.submission_entries = 64;  // Small: running full is ordinary.
  ring.receive_buffers = options.receive_buffers;
  return ring;
}

class SimulatedWorld : public World {
 public:
  explicit SimulatedWorld(const WorldOptions& options)
      : fixture_(options), ring_(ring_options(options), 1, false) {
    fixture_.options.listeners = {{SimulatedRing::kListener, options.proxy}};
    core_ = std::make_unique<edge::WorkerCore<SimulatedRing>>(fixture_.options, control_, ring_);
    core_->begin();
    step();
  }

  int connect() override {
    const int fd = ring_.connect();
    step();
    return fd;
  }
  void send(int client, std::string_view bytes) override {
    // As a socket's send buffer: what does not fit is not sent.
    ModelSocket& socket = ring_.socket(client);
    socket.window_bytes = std::min<std::size_t>(socket.window_bytes, kWindowBytes);
    const std::size_t room = 4U << 20;
    socket.to_server.append(bytes.substr(0, room - std::min(room, socket.to_server.size())));
    step();
  }
  std::string receive(int client, std::size_t bytes_min) override {
    ModelSocket& socket = ring_.socket(client);
    for (int i = 0; i < kStepsMax; ++i) {
      socket.window_bytes = kWindowBytes;  // It reads.
      if (socket.to_client.size() >= bytes_min || over(socket)) break;
      step();
    }
    return socket.to_client;
  }
  bool ended(int client) override {
    ModelSocket& socket = ring_.socket(client);
    for (int i = 0; i < kStepsMax && !over(socket); ++i) {
      socket.window_bytes = kWindowBytes;
      step();
    }
    return over(socket);
  }
  void half_close(int client) override { ring_.socket(client).client_ended = true; }
  void reset(int client) override { ring_.socket(client).client_reset = true; }
  void pass_ms(std::uint64_t ms) override {
    for (std::uint64_t i = 0; i < ms; i += 50) {
      ring_.pass_ns(50'000'000);
      step();
    }
  }
  void offer_segment() override { fixture_.offer_segment(); }
  void drain(std::uint64_t patience_ms) override {
    control_.drain_at(ring_.monotonic_ns() + patience_ms * 1'000'000);
    ring_.wake();
    for (int i = 0; i < kStepsMax && running_; ++i) step();
    CHECK(!running_);
  }
  std::vector<std::string> lines() override { return fixture_.lines(); }
  std::vector<std::string> events() override { return fixture_.events(); }
  edge::WorkerControl& control() override { return control_; }
  const edge::WorkerCounters& counters() const override { return control_.counters; }

 private:
  static constexpr std::size_t kWindowBytes = 64 * 1024;

  static bool over(const ModelSocket& socket) {
    return socket.server_closed || socket.server_ended;
  }
  void step() {
    if (running_) running_ = core_->step();
  }

  WorkerFixture fixture_;
  edge::WorkerControl control_;
  SimulatedRing ring_;
  std::unique_ptr<edge::WorkerCore<SimulatedRing>> core_;
  bool running_ = true;
};

}  // namespace

std::unique_ptr<World> make_simulated_world(const WorldOptions& options) {
  return std::make_unique<SimulatedWorld>(options);
}

std::string_view world_name(WorldKind kind) {
  switch (kind) {
    case WorldKind::kKernelRing:
      return "kernel_ring";
    case WorldKind::kEpollRing:
      return "epoll_ring";
    case WorldKind::kSimulated:
      return "simulated";
    case WorldKind::kKernelRingDisk:
      return "kernel_ring_disk";
    case WorldKind::kEpollRingDisk:
      return "epoll_ring_disk";
    default:
      return "simulated_disk";
  }
}

std::unique_ptr<World> make_world(WorldKind kind, WorldOptions options) {
  if (kind >= WorldKind::kKernelRingDisk) options.durability = edge::Durability::kDisk;
  switch (kind) {
    case WorldKind::kKernelRing:
    case WorldKind::kKernelRingDisk:
      return make_kernel_world(options);
    case WorldKind::kEpollRing:
    case WorldKind::kEpollRingDisk:
      return make_epoll_world(options);
    default:
      return make_simulated_world(options);
  }
}

}  // namespace pixel::sim
