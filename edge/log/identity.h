// SPDX-License-Identifier: Apache-2.0
// Who this process is in everything it writes: the boot number and the node's secret key. COLD.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "edge/log/spool.h"
#include "logfmt/request_id.h"

namespace pixel::edge {

/// The number of this process life: the larger of `unix_seconds` and the last one given away in
/// this spool plus one, so that a restart within a second differs and an emptied spool still grows.
/// Durable in the spool before it is returned. REQUIRES: the SpoolLock is held.
base::Result<std::uint32_t> take_boot_number(const Spool& spool, std::int64_t unix_seconds);

using NodeKey = std::array<std::uint8_t, logfmt::kNodeKeyBytes>;

/// The node's key for request ids; at the first start 16 bytes of getrandom(2), readable by the
/// owner only. An error where the file has another size: a key is never replaced.
base::Result<NodeKey> load_or_create_node_key(const std::filesystem::path& path);

}  // namespace pixel::edge
