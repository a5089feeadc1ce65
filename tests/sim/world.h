// SPDX-License-Identifier: Apache-2.0
// A worker with clients around it, as a scenario sees it. Three worlds exist: the kernel ring and
// the epoll ring on loopback sockets, and the simulated ring on modelled ones; each of them once
// more with answers that wait for the disk.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/worker.h"

namespace pixel::sim {

/// What a scenario may change about the worker it meets.
struct WorldOptions {
  std::uint32_t connections_max = 64;
  std::uint32_t receive_buffers = 64;
  std::uint64_t header_timeout_ns = 30'000'000'000;
  std::uint64_t keep_alive_timeout_ns = 60'000'000'000;
  std::uint64_t send_timeout_ns = 60'000'000'000;
  edge::ParseLimits limits;
  std::uint64_t body_timeout_ns = 30'000'000'000;
  std::uint32_t connections_per_address = 0;
  std::uint32_t body_bytes_max = 64 * 1024;
  std::uint32_t bodies_max = 32;
  bool proxy = false;       // Connections begin with a PROXY header.
  edge::EdgeConfig config;  // Routes, clients, policy.
  bool serve_when_full = false;
  bool has_segments = true;  // False: no place for a line.
  std::uint64_t segment_bytes = 1 << 22;
  edge::Durability durability = edge::Durability::kProcess;
};

class World {
 public:
  virtual ~World() = default;

  /// A client's number. It has connected when this returns, or will be.
  virtual int connect() = 0;
  virtual void send(int client, std::string_view bytes) = 0;
  /// Waits (bounded) until the client has received `bytes_min` in total, or the end; returns all.
  virtual std::string receive(int client, std::size_t bytes_min) = 0;
  /// Waits (bounded) for the end of the stream; true when it came and the client was not reset.
  virtual bool ended(int client) = 0;
  virtual void half_close(int client) = 0;
  virtual void reset(int client) = 0;
  /// Lets the worker's time go on; real worlds sleep, the simulated one jumps.
  virtual void pass_ms(std::uint64_t ms) = 0;
  /// Gives the worker a segment, as a keeper does when the disk has room again.
  virtual void offer_segment() = 0;
  /// Ends the worker: drains with the given patience and waits for it.
  virtual void drain(std::uint64_t patience_ms) = 0;
  /// All published lines so far, without header lines, in order.
  virtual std::vector<std::string> lines() = 0;
  virtual std::vector<std::string> events() = 0;
  virtual const edge::WorkerCounters& counters() const = 0;
  virtual edge::WorkerControl& control() = 0;
};

/// In the last three answers wait for the disk, whatever the options say.
enum class WorldKind {
  kKernelRing,
  kEpollRing,
  kSimulated,
  kKernelRingDisk,
  kEpollRingDisk,
  kSimulatedDisk
};
std::string_view world_name(WorldKind kind);
/// Null where this machine has no io_uring (kKernelRing, kKernelRingDisk).
std::unique_ptr<World> make_world(WorldKind kind, WorldOptions options);

/// The n-th tab-separated field (from 1, as the format's documents count) of a line.
std::string field(const std::string& line, int number);

}  // namespace pixel::sim
