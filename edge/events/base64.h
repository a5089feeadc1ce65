// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648): written with the standard alphabet and padding, read in either alphabet. HOT
// by thread; pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pixel::edge {

constexpr std::size_t base64_bytes(std::size_t raw_bytes) noexcept {
  return (raw_bytes + 2) / 3 * 4;
}

/// Writes base64_bytes(raw.size()) characters and returns where they end.
char* encode_base64(std::string_view raw, char* out) noexcept;

/// `text` in base64 or base64url, padded or not. Returns the bytes written, at most
/// text.size() / 4 * 3 + 2; nothing where a character or the length fits neither. `out` may be
/// where `text` lies.
std::optional<std::size_t> decode_base64(std::string_view text, char* out) noexcept;

}  // namespace pixel::edge
