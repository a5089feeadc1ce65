// SPDX-License-Identifier: Apache-2.0
// XXH3 (libxxhash): 128 bits for segments and batches, 64 for checkpoints. Not for secrets.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pixel::base {

/// XXH3-64 of the bytes, seed 0.
std::uint64_t hash64(std::string_view bytes) noexcept;

/// XXH3-128 of the bytes as 32 hexadecimal digits, in the canonical (big endian) order that the
/// xxhsum program prints.
std::string hash128_hex(std::string_view bytes);

/// XXH3-128 of bytes that arrive in pieces. One thread.
class Hasher128 {
 public:
  Hasher128();
  ~Hasher128();
  Hasher128(Hasher128&&) noexcept;
  Hasher128& operator=(Hasher128&&) noexcept;

  void update(std::string_view bytes) noexcept;
  /// The digest of all bytes so far, as hash128_hex writes it. More updates may follow.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pixel::base
