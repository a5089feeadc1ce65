// SPDX-License-Identifier: Apache-2.0
// The least a pixel server can do on epoll: what our epoll backend is held against.
#pragma once

namespace pixel::bench {

/// Answers on `listener`, a listening socket, for ever. One thread.
[[noreturn]] void respond_by_epoll(int listener);

}  // namespace pixel::bench
