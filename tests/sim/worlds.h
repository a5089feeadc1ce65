// SPDX-License-Identifier: Apache-2.0
// The makers of each world; scenarios use make_world.
#pragma once

#include <memory>

#include "tests/sim/world.h"

namespace pixel::sim {

std::unique_ptr<World> make_kernel_world(const WorldOptions& options);
std::unique_ptr<World> make_epoll_world(const WorldOptions& options);
std::unique_ptr<World> make_simulated_world(const WorldOptions& options);

}  // namespace pixel::sim
