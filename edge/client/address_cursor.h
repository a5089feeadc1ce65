// SPDX-License-Identifier: Apache-2.0
// Takes addresses and ports off the front of a text, byte by byte: what parse_address and version 1
// of the PROXY protocol share. HOT; pure; strict. A prefix of something good is never called bad,
// and what is bad is so at its first wrong byte.
#pragma once

#include <cstdint>
#include <string_view>

#include "edge/client/ip_address.h"

namespace pixel::edge {

enum class Take : std::uint8_t {
  kTook,       // The cursor stands behind it; at the end of the text it might have gone on.
  kNeedsMore,  // The text ends inside it.
  kBad,        // The byte at the cursor cannot follow.
};

/// What is left of a text.
struct TextCursor {
  const char* at;
  const char* end;
  explicit TextCursor(std::string_view text) noexcept
      : at(text.data()), end(text.data() + text.size()) {}
  bool at_end() const noexcept { return at == end; }
};

/// Four decimal octets without leading zeros.
Take take_v4(TextCursor& cursor, IpAddress& address) noexcept;
/// RFC 4291 section 2.2, all three forms; "::" stands for one group at least. No zone id.
Take take_v6(TextCursor& cursor, IpAddress& address) noexcept;
/// 0 to 65535 in decimal without leading zeros.
Take take_port(TextCursor& cursor, std::uint16_t& port) noexcept;
/// Exactly `literal`.
Take take_literal(TextCursor& cursor, std::string_view literal) noexcept;

}  // namespace pixel::edge
