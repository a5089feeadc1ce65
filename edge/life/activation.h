// SPDX-License-Identifier: Apache-2.0
// Descriptors that systemd hands to a service at its start: of a socket unit, and what the service
// before it put into the manager's store (sd_listen_fds(3); own code). COLD; the main thread,
// before it starts any other.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::edge {

/// The variables as the environment had them; "" for one that was not set.
struct ActivationVariables {
  std::string pid;    // LISTEN_PID
  std::string fds;    // LISTEN_FDS
  std::string names;  // LISTEN_FDNAMES

  /// Reads and unsets them: a process that this one starts must not take them for its own.
  static ActivationVariables take_from_environment();
};

struct InheritedDescriptor {
  base::UniqueFd fd;
  std::string name;  // "" where none was given.
};

/// What was handed over, in its order, close-on-exec now: none where the variables are not set or
/// name another process. An error, and nothing taken, where they make no sense. `first_fd` is 3 but
/// in tests.
base::Result<std::vector<InheritedDescriptor>> inherited_descriptors(
    const ActivationVariables& variables, pid_t self, int first_fd = 3);

/// The name of an address's listeners in the manager's store, "edge-127.0.0.1_8080": what names
/// them can also make the manager forget them.
std::string store_name(std::string_view bound);

/// Names of `inherited` that store_name() made and that no address of `bound` has: to be forgotten.
std::vector<std::string> stale_store_names(const std::vector<std::string>& inherited,
                                           const std::vector<std::string>& bound);

}  // namespace pixel::edge
