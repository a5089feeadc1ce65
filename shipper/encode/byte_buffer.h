// SPDX-License-Identifier: Apache-2.0
// Memory that encoders write into: they ask for room once per value, never per byte. Reused from
// call to call. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace pixel::shipper {

/// Copies with a size that is known nowhere; returns one past the last byte written.
inline char* put_bytes(std::string_view bytes, char* out) noexcept {
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

class ByteBuffer {
 public:
  explicit ByteBuffer(std::size_t bytes) : memory_(new char[bytes]), bytes_(bytes) {}

  char* begin() noexcept { return memory_.get(); }
  char* end() noexcept { return memory_.get() + bytes_; }

  /// `out` where at least `bytes` may be written, after moving everything where they did not fit.
  /// REQUIRES: begin() <= out.
  char* make_room(char* out, std::size_t bytes) {
    const auto used = static_cast<std::size_t>(out - memory_.get());
    if (bytes_ - used >= bytes) [[likely]]
      return out;
    grow(used, bytes);
    return memory_.get() + used;
  }

  std::string_view until(const char* out) const noexcept {
    return {memory_.get(), static_cast<std::size_t>(out - memory_.get())};
  }

 private:
  [[gnu::cold, gnu::noinline]] void grow(std::size_t used, std::size_t bytes) {
    bytes_ = std::max(bytes_ * 2, used + bytes);
    std::unique_ptr<char[]> larger(new char[bytes_]);
    std::memcpy(larger.get(), memory_.get(), used);
    memory_ = std::move(larger);
  }

  std::unique_ptr<char[]> memory_;
  std::size_t bytes_;
};

}  // namespace pixel::shipper
