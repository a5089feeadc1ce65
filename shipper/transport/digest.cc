// SPDX-License-Identifier: Apache-2.0
// See digest.h. COLD.
#include "shipper/transport/digest.h"

#include <openssl/evp.h>

#include "base/assert.h"

namespace pixel::shipper {

std::string sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned size = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr);
  CHECK(done == 1 && size == 32);  // Fails only where OpenSSL has no SHA-256.
  return digest;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace pixel::shipper
