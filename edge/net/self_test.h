// SPDX-License-Identifier: Apache-2.0
// Does io_uring do here what a worker needs? Tried, not asked: kernels and backports differ in ways
// no version number tells. COLD.
#pragma once

#include "base/result.h"

namespace pixel::edge {

/// About a millisecond on a socket pair: multishot receive with provided buffers and its end by
/// -ENOBUFS, a send that must not park reports that it was short, cancel and close send a FIN. The
/// error names the step that failed.
base::Status test_kernel_ring();

}  // namespace pixel::edge
