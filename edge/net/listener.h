// SPDX-License-Identifier: Apache-2.0
// The public listeners: for each address one SO_REUSEPORT socket per worker, made at boot. COLD.
//
// One socket per worker, because a shared one puts every connection on the worker that is first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::edge {

/// The listeners of all workers; closed on destruction.
struct Listeners {
  std::vector<std::vector<base::UniqueFd>> by_worker;  // [worker][address]
  std::vector<std::string> bound;                      // "127.0.0.1:8080", by address.

  /// Borrowed descriptors of one worker.
  std::vector<int> of_worker(std::size_t worker) const;
  /// Ends listening now, whoever holds copies of the descriptors: new connections are refused,
  /// those that nobody has accepted are reset.
  void shut() const noexcept;
};

/// An error where open_listeners would fail: asked before anything is written. Waits up to 3 s for
/// a port in use: the listeners of a killed io_uring process outlive it for a moment.
base::Status probe_listeners(const std::vector<std::string>& addresses);

/// Binds each numeric address ("0.0.0.0:8080", "[::]:8080"; port 0: any free one, the same for all
/// workers) and listens: non-blocking, TCP_NODELAY, SO_KEEPALIVE, IPv6 without IPv4. That a
/// stranger listens there is an error, although SO_REUSEPORT would let us share its connections.
base::Result<Listeners> open_listeners(const std::vector<std::string>& addresses,
                                       std::uint32_t workers);

}  // namespace pixel::edge
