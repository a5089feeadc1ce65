// SPDX-License-Identifier: Apache-2.0
// x-edge-request-id: opaque and unguessable outside, node, worker, boot and sequence inside.
// A 128-bit block {node 16, worker 16, boot 32, sequence 64} encrypted with the node's key by
// Speck128/128 (Beaulieu et al., "The Simon and Speck families of lightweight block ciphers",
// 2013), written as 22 characters of base64url without padding (RFC 4648 section 5). HOT encode.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "logfmt/segment_name.h"

namespace pixel::logfmt {

inline constexpr std::size_t kRequestIdBytes = 22;
/// How far ids lie apart that are made together.
inline constexpr std::size_t kIdStrideBytes = 32;
inline constexpr std::size_t kNodeKeyBytes = 16;

/// The plain content of a request id. `sequence` counts the lines of its lane from 0 without gap.
struct RequestSequence {
  std::uint16_t node = 0;
  std::uint16_t worker = 0;
  std::uint32_t boot = 0;
  std::uint64_t sequence = 0;
  bool operator==(const RequestSequence&) const = default;
};

/// The expanded key. Immutable: any thread may use it.
class RequestIdCipher {
 public:
  explicit RequestIdCipher(const std::array<std::uint8_t, kNodeKeyBytes>& key) noexcept;

  /// Writes exactly kRequestIdBytes characters.
  void encode(const RequestSequence& plain, char* out) const noexcept;
  /// The ids of `plain` and of the seven sequences after it, each kIdStrideBytes behind the one
  /// before; the bytes behind each mean nothing. REQUIRES: out has 8 * kIdStrideBytes. With vector
  /// instructions all eight take hardly longer than two: the 32 rounds of one wait for each other.
  void encode_eight(const RequestSequence& plain, char* out) const noexcept;
  /// Nothing where `text` is not what encode() can write (22 base64url characters, unused bits 0);
  /// ids of another key decode to noise, which the caller notices by comparing node and boot.
  std::optional<RequestSequence> decode(std::string_view text) const noexcept;

 private:
  std::array<std::uint64_t, 32> round_keys_;
};

}  // namespace pixel::logfmt
