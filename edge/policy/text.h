// SPDX-License-Identifier: Apache-2.0
// The few questions about bytes that more than one part of the policy asks. HOT; pure; borrows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pixel::edge::policy_text {

constexpr char lower(char byte) noexcept {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
}

/// REQUIRES: `lower_case` holds no upper case letter.
constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

/// Without SP and HTAB at both ends.
constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// A set of byte values: 1 for its members.
using ByteSet = std::array<std::uint8_t, 256>;

constexpr ByteSet make_byte_set(bool (*is_member)(unsigned byte)) {
  ByteSet set{};
  for (unsigned byte = 0; byte < set.size(); ++byte) set[byte] = is_member(byte) ? 1 : 0;
  return set;
}

/// Whether every byte is a member. Goes to the end in any case: faster than to look for a way out.
constexpr bool all_in(const ByteSet& set, std::string_view text) noexcept {
  unsigned all = 1;
  for (const char byte : text) all &= set[static_cast<unsigned char>(byte)];
  return all != 0;
}

/// Copies and returns the place behind the copy. REQUIRES: room for it.
inline char* append(char* out, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace pixel::edge::policy_text
