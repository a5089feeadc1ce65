// SPDX-License-Identifier: Apache-2.0
// Which bytes of a segment are lines, for those who count without decoding. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace pixel::shipper {

/// Lines of `text` that are neither headers nor fill (comments, or empty). REQUIRES: whole lines.
inline std::uint64_t count_lines(std::string_view text) noexcept {
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    if (text[at] != '#' && text[at] != '\n') ++count;
  }
  return count;
}

}  // namespace pixel::shipper
