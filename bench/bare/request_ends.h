// SPDX-License-Identifier: Apache-2.0
// Counts the ends of request heads in a stream of receives. HOT; pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pixel::bench {

/// Times that CR LF CR LF ends within data[0, size), the stream before it included. `matched` is
/// how many of its bytes the stream so far ends with (0 to 3); it is updated.
std::uint32_t count_request_ends(const char* data, std::size_t size,
                                 std::uint8_t& matched) noexcept;

}  // namespace pixel::bench
