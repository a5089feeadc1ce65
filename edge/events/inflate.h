// SPDX-License-Identifier: Apache-2.0
// The content coding of a body undone, never beyond a bound: a few bytes may promise gigabytes.
// The constructor is COLD and allocates; read() is HOT by thread and does not.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace pixel::edge {

enum class Coding : unsigned char { kIdentity, kGzip, kDeflate, kUnknown };

/// A Content-Encoding of one coding, in any case; empty is identity. Several are kUnknown.
Coding parse_coding(std::string_view content_encoding) noexcept;

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  enum class Status : unsigned char {
    kWhole,
    kTooLong,  // More than fits in `out`, which is full.
    kDamaged,  // Not of this coding, cut off, a wrong checksum, or more than a byte after the end.
  };
  struct Outcome {
    Status status;
    std::size_t bytes;  // In `out`.
  };
  /// gzip of one or several members (RFC 1952), or deflate: with its zlib frame (RFC 1950) or, as
  /// some send it, without (RFC 1951).
  Outcome read(Coding coding, std::string_view compressed, std::span<char> out) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pixel::edge
