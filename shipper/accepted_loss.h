// SPDX-License-Identifier: Apache-2.0
// A person's decision that lines which a sink will never have are known and accepted:
// <state>/<sink>/accepted_loss.0 and .1. It changes no book, only what status makes of it. COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pixel::shipper {

struct AcceptedLoss {
  std::uint64_t lines = 0;       // So many missing ones in all; what is missed later is not.
  std::int64_t accepted_at = 0;  // Unix seconds.
  std::string reason;
  bool operator==(const AcceptedLoss&) const = default;
};
std::string to_text(const AcceptedLoss& loss);
base::Result<AcceptedLoss> parse_accepted_loss(std::string_view text);

/// Of the sink with that state directory; nothing accepted where there is no such file, or none
/// that can be read: then status goes on to say LOST.
AcceptedLoss read_accepted_loss(const std::filesystem::path& sink_state);
/// Durable when it returns.
base::Status write_accepted_loss(const std::filesystem::path& sink_state, const AcceptedLoss& loss);

}  // namespace pixel::shipper
