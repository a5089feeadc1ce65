// SPDX-License-Identifier: Apache-2.0
// COLD: see node_key.h.
#include "tools/pixel_log/node_key.h"

#include <array>
#include <charconv>
#include <cstring>
#include <string>

#include "base/file.h"

namespace pixel::logs {

base::Result<logfmt::RequestIdCipher> load_cipher(const std::filesystem::path& path) {
  auto bytes = base::read_file(path);
  if (!bytes) return bytes.error();
  std::array<std::uint8_t, logfmt::kNodeKeyBytes> key{};
  if (bytes->size() == key.size()) {
    std::memcpy(key.data(), bytes->data(), key.size());
    return logfmt::RequestIdCipher(key);
  }
  while (bytes->ends_with('\n')) bytes->pop_back();
  bool is_hex = bytes->size() == 2 * key.size();
  for (std::size_t i = 0; is_hex && i < key.size(); ++i) {
    const char* const digits = bytes->data() + 2 * i;
    is_hex = std::from_chars(digits, digits + 2, key[i], 16).ptr == digits + 2;
  }
  if (!is_hex) return base::Error{path.string() + ": expected 16 bytes or 32 hexadecimal digits"};
  return logfmt::RequestIdCipher(key);
}

}  // namespace pixel::logs
