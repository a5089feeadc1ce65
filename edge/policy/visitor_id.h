// SPDX-License-Identifier: Apache-2.0
// What a visitor's id may be, and new ones. HOT; a source of ids is one worker's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "edge/policy/siphash.h"

namespace pixel::edge {

inline constexpr std::size_t kVisitorIdBytesMax = 64;
inline constexpr std::size_t kUuidTextBytes = 36;

/// 1 to 64 bytes of [A-Za-z0-9._-]: what needs no escaping in a cookie, a line, a URL or SQL.
bool is_visitor_id(std::string_view text) noexcept;

/// Random UUIDs (RFC 9562, version 4) that nobody can foresee: a keyed PRF over a counter.
class VisitorIdSource {
 public:
  /// REQUIRES: no two sources of a fleet have the same key.
  explicit VisitorIdSource(const SipBytes& key) noexcept : key_(key) {}
  /// Writes the kUuidTextBytes of a new id, in lower case.
  void write_next(char* out) noexcept;

 private:
  SipBytes key_;
  std::uint64_t count_ = 0;
};

}  // namespace pixel::edge
