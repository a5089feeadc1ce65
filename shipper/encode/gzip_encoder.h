// SPDX-License-Identifier: Apache-2.0
// Text -> gzip members (RFC 1952), by ISA-L, one after the other in memory that is kept: a member
// of some megabytes costs no page fault after the first. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/encode/byte_buffer.h"

struct isal_zstream;

namespace pixel::shipper {

class GzipEncoder {
 public:
  GzipEncoder();
  ~GzipEncoder();
  GzipEncoder(GzipEncoder&&) noexcept;
  GzipEncoder& operator=(GzipEncoder&&) noexcept;

  /// All pieces as one member: the same bytes for the same text, however it is cut; no time, no
  /// name. Valid until the next call.
  base::Result<std::string_view> encode(std::span<const std::string_view> pieces);
  base::Result<std::string_view> encode(std::string_view text) { return encode({&text, 1}); }

 private:
  bool give(std::string_view window, bool is_last);

  std::unique_ptr<isal_zstream> stream_;
  std::unique_ptr<std::uint8_t[]> level_buffer_;
  std::unique_ptr<char[]> window_;  // Made when a window first lies in two pieces.
  ByteBuffer out_;
  char* end_ = nullptr;  // Of what out_ holds.
};

}  // namespace pixel::shipper
