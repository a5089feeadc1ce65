// SPDX-License-Identifier: Apache-2.0
// The end of boot for a thread that must not allocate while it serves. In debug builds every
// operator new of a frozen thread is a CHECK failure, so that tests find it; release builds and
// sanitizers, which bring their own allocators, check nothing.
#pragma once

namespace pixel::base {

/// From here on the calling thread allocates nothing. Freeing stays allowed.
void freeze_this_thread() noexcept;

/// For the end of the thread's service.
void thaw_this_thread() noexcept;

bool this_thread_is_frozen() noexcept;

/// Whether this build crashes on an allocation of a frozen thread.
bool freeze_is_checked() noexcept;

}  // namespace pixel::base
