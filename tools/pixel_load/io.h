// SPDX-License-Identifier: Apache-2.0
// The few socket operations a worker needs, on io_uring or on epoll (where a container forbids
// io_uring). HOT. One thread; descriptors stay the worker's.
//
// Every event carries the key its operation was started with: the worker drops those of
// connections that are gone by their generation.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace pixel::load {

struct ConnectionKey {
  std::uint32_t slot = 0;  // Below 2^24.
  std::uint32_t generation = 0;
};

/// What wait() calls. `error` is an errno, 0 for success.
class IoEvents {
 public:
  /// What the next calls report had happened by now: one look at the clock serves for them all.
  virtual void on_wake() = 0;
  virtual void on_connected(ConnectionKey key, int error) = 0;
  /// `bytes` are the callee's for the call.
  virtual void on_received(ConnectionKey key, std::string_view bytes) = 0;
  /// The peer closed (0) or the connection broke; no more bytes come.
  virtual void on_receive_ended(ConnectionKey key, int error) = 0;
  /// The receive has to be started again.
  virtual void on_receive_paused(ConnectionKey key) = 0;
  /// After a send with `report_success`, and after every one that failed or fell short.
  virtual void on_sent(ConnectionKey key, int error) = 0;

 protected:
  ~IoEvents() = default;
};

class Io {
 public:
  virtual ~Io() = default;

  /// `address` must live until on_connected.
  virtual void start_connect(ConnectionKey key, int fd, const sockaddr* address,
                             socklen_t bytes) = 0;
  /// Receives until on_receive_ended or on_receive_paused.
  virtual void start_receive(ConnectionKey key, int fd) = 0;
  /// One send per connection at a time. `bytes` must live until on_sent, or, without
  /// `report_success`, until the peer's answer shows that they have arrived.
  virtual void send(ConnectionKey key, int fd, std::string_view bytes, bool report_success) = 0;
  /// Hands over what was started, waits for an event for at most `timeout_ns`, calls `events`.
  virtual base::Status wait(std::uint64_t timeout_ns, IoEvents& events) = 0;
};

/// An Error says why the kernel does not let us. Call in the thread that uses it.
base::Result<std::unique_ptr<Io>> create_uring_io();
base::Result<std::unique_ptr<Io>> create_epoll_io();
/// By the name of --io.
base::Result<std::unique_ptr<Io>> create_io(std::string_view name);

}  // namespace pixel::load
