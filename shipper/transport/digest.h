// SPDX-License-Identifier: Apache-2.0
// Digests that AWS asks for (OpenSSL's libcrypto), and Base64. Pure; any thread. COLD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pixel::shipper {

/// SHA-256 (FIPS 180-4), 32 bytes.
std::string sha256(std::string_view bytes);
/// Lower case hexadecimal digits.
std::string hex(std::string_view bytes);

/// RFC 4648, section 4, with padding.
std::string base64(std::string_view bytes);

}  // namespace pixel::shipper
