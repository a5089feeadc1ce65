// SPDX-License-Identifier: Apache-2.0
// What a completion belongs to: the 64 bits of user_data. HOT.
//
//   63      56 55                    32 31                                0
//  +----------+------------------------+-----------------------------------+
//  | operation| generation             | index: connection slot, listener  |
//  +----------+------------------------+-----------------------------------+
//
// The generation of a slot changes each time it is freed: a completion that comes late meets a
// stranger in its slot, and is recognised.
#pragma once

#include <cstdint>

namespace pixel::edge {

enum class Operation : std::uint8_t {
  kNone = 0,  // Nobody waits for it: cancels and closes report only failures.
  kAccept,
  kReceive,
  kSend,      // An answer sent at once: completes only when it failed or was short.
  kSendTail,  // A tracked send of what was left: always completes.
  kWake,
  kWrite,  // Of a log lane: generation is the lane, index the segment in it.
};

struct CompletionToken {
  Operation operation = Operation::kNone;
  std::uint32_t generation = 0;  // 24 bits.
  std::uint32_t index = 0;
};

inline constexpr std::uint32_t kGenerationMask = 0x00FFFFFF;

constexpr std::uint64_t pack(CompletionToken token) noexcept {
  return static_cast<std::uint64_t>(token.operation) << 56 |
         static_cast<std::uint64_t>(token.generation & kGenerationMask) << 32 | token.index;
}

constexpr CompletionToken unpack(std::uint64_t user_data) noexcept {
  return {static_cast<Operation>(user_data >> 56),
          static_cast<std::uint32_t>(user_data >> 32) & kGenerationMask,
          static_cast<std::uint32_t>(user_data)};
}

}  // namespace pixel::edge
