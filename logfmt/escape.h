// SPDX-License-Identifier: Apache-2.0
// Percent-encoding of line fields: bytes 0-32, 127-255 and < > " # % { } | \ ^ ~ [ ] ` ' become
// %XX, upper case; everything else stays. HOT encode (vectorised, chosen at run time).
// Source: AWS AccessLogs, "URL encoding" of standard logs; each raw byte is encoded once.
#pragma once

#include <cstddef>
#include <string_view>

namespace pixel::logfmt {

/// No input grows by more than this factor.
inline constexpr std::size_t kEscapeGrowth = 3;

/// Writes the encoded bytes to `out` and returns one past the last. May scribble up to
/// kEscapeSlackBytes beyond it. REQUIRES: out has kEscapeGrowth * raw.size() + kEscapeSlackBytes.
inline constexpr std::size_t kEscapeSlackBytes = 64;
char* escape(std::string_view raw, char* out) noexcept;

}  // namespace pixel::logfmt
