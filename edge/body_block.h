// SPDX-License-Identifier: Apache-2.0
// A request whose body has not come whole: its head, and as much of the body as there is. HOT by
// thread. One block of the worker's body pool; the connection knows its number.
#pragma once

#include <cstdint>
#include <string_view>

#include "edge/http/body.h"

namespace pixel::edge {

/// Lies at the front of its block; the head's bytes follow it, then the body's.
struct BodyBlock {
  std::uint32_t head_bytes = 0;
  std::uint64_t left_bytes = 0;   // With Content-Length: still to come.
  std::uint64_t taken_bytes = 0;  // Of the body with its framing, as they came.
  bool chunked = false;
  std::uint32_t connection_index = 0;  // Whose it is.
  std::uint32_t older = UINT32_MAX;    // Neighbours by age, as block numbers.
  std::uint32_t newer = UINT32_MAX;
  std::uint64_t started_ns = 0;  // When its head was whole.
  ChunkProgress progress;        // decoded_bytes is the body so far in either framing.

  char* head() noexcept { return reinterpret_cast<char*>(this + 1); }
  char* body() noexcept { return head() + head_bytes; }
  std::string_view body_view() noexcept { return {body(), progress.decoded_bytes}; }
};

}  // namespace pixel::edge
