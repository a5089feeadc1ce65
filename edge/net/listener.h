// SPDX-License-Identifier: Apache-2.0
// The public listeners: for each address one SO_REUSEPORT socket per worker, made at boot or taken
// over from systemd or from the process that served before. COLD; the main thread.
//
// One socket per worker, because a shared one puts every connection on the worker that is first.
// A socket that is inherited is always served by somebody: connections that the kernel has put
// into its backlog would wait for ever, and closing it would reset them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::edge {

/// One worker's share of one address.
struct Listener {
  base::UniqueFd fd;
  std::size_t address_index = 0;  // Into server.listen and Listeners::bound.
};

/// What a worker is given; the descriptor is borrowed.
struct ListenerView {
  int fd = -1;
  std::size_t address_index = 0;
};

/// The listeners of all workers; closed on destruction.
struct Listeners {
  std::vector<std::vector<Listener>> by_worker;  // One or more for each address.
  std::vector<std::string> bound;                // "127.0.0.1:8080", by address.
  std::size_t opened_count = 0;                  // Made here; the others were inherited.
  /// Workers that share a socket with another one, because a socket of their own was refused.
  std::size_t shared_count = 0;
  /// What was inherited and is not served, each with its reason, for the operator. Closed already.
  std::vector<std::string> unused;
  /// Somebody else holds copies: a successor that accepts from them, or systemd, which gives them
  /// to the next start. Set before shut().
  bool kept_elsewhere = false;

  std::vector<ListenerView> of_worker(std::size_t worker) const;
  /// Ends listening: with kept_elsewhere by closing these descriptors only, so that the backlog
  /// waits for whoever holds the others. Else whoever holds copies: new connections are refused,
  /// those that nobody has accepted are reset.
  void shut() noexcept;
};

/// An error where open_listeners would fail: asked before anything is written. Waits up to 3 s for
/// a port in use: the listeners of a killed io_uring process outlive it for a moment. Addresses
/// that `inherited` already holds are not asked for.
base::Status probe_listeners(const std::vector<std::string>& addresses,
                             const std::vector<base::UniqueFd>& inherited = {});

/// Binds each numeric address ("0.0.0.0:8080", "[::]:8080"; port 0: any free one, the same for all
/// workers) and listens: non-blocking, TCP_NODELAY, SO_KEEPALIVE, IPv6 without IPv4. That a
/// stranger listens there is an error, although SO_REUSEPORT would let us share its connections.
///
/// `inherited` are listening sockets, in any order; each is matched by the address it is bound to
/// (port 0 takes the first port of the same host) and given to a worker, a second one where there
/// are more than workers. What is missing is opened beside them in the same SO_REUSEPORT group;
/// where the kernel refuses that (the others belong to another user), workers share a socket.
base::Result<Listeners> open_listeners(const std::vector<std::string>& addresses,
                                       std::uint32_t workers,
                                       std::vector<base::UniqueFd> inherited = {});

}  // namespace pixel::edge
