// SPDX-License-Identifier: Apache-2.0
// See inflate.h. isa-l inflates at several times zlib's speed and keeps all its state in one
// structure. COLD to construct, HOT by thread to read.
#include "edge/events/inflate.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstdint>

namespace pixel::edge {
namespace {

bool equals(std::string_view text, std::string_view lower) noexcept {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
  });
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// RFC 1950, 2.2: method 8, and the first two bytes are a multiple of 31.
bool has_zlib_frame(std::string_view compressed) noexcept {
  if (compressed.size() < 2) return false;
  const auto first = static_cast<std::uint8_t>(compressed[0]);
  const auto second = static_cast<std::uint8_t>(compressed[1]);
  return (first & 0x0F) == 8 && (first * 256U + second) % 31 == 0;
}

// Compressed data that yields next to nothing costs time and is no data: blocks without content, or
// a file of very many members.
constexpr std::size_t kSliceBytes = 16 * 1024;
constexpr int kMembersMax = 64;

}  // namespace

Coding parse_coding(std::string_view content_encoding) noexcept {
  const std::string_view name = trim(content_encoding);
  if (name.empty() || equals(name, "identity")) return Coding::kIdentity;
  if (equals(name, "gzip") || equals(name, "x-gzip")) return Coding::kGzip;
  if (equals(name, "deflate")) return Coding::kDeflate;
  return Coding::kUnknown;
}

struct Inflater::State {
  inflate_state inflate;

  // One member or stream from `input` on; its bytes are taken off `input` and `room`.
  Status read_one(std::uint32_t frame, std::span<std::uint8_t>& input,
                  std::span<char>& room) noexcept {
    isal_inflate_init(&inflate);
    inflate.crc_flag = frame;
    while (!input.empty()) {
      const std::size_t offered = std::min(input.size(), kSliceBytes);
      const std::size_t had_room = room.size();
      inflate.next_in = input.data();
      inflate.avail_in = static_cast<std::uint32_t>(offered);
      inflate.next_out = reinterpret_cast<std::uint8_t*>(room.data());
      inflate.avail_out = static_cast<std::uint32_t>(room.size());
      const int error = isal_inflate(&inflate);
      const std::size_t taken = offered - inflate.avail_in;
      input = input.subspan(taken);
      room = room.last(inflate.avail_out);
      if (error != ISAL_DECOMP_OK) return Status::kDamaged;
      if (inflate.block_state == ISAL_BLOCK_FINISH) return Status::kWhole;
      if (room.empty()) return Status::kTooLong;
      const bool is_idle = taken == kSliceBytes && had_room - room.size() < kSliceBytes / 4;
      if (taken == 0 || is_idle) return Status::kDamaged;
    }
    return Status::kDamaged;
  }
};

Inflater::Inflater() : state_(std::make_unique<State>()) {}
Inflater::~Inflater() = default;

Inflater::Outcome Inflater::read(Coding coding, std::string_view compressed,
                                 std::span<char> out) noexcept {
  std::uint32_t frame = ISAL_GZIP;
  if (coding == Coding::kDeflate) frame = has_zlib_frame(compressed) ? ISAL_ZLIB : ISAL_DEFLATE;
  // isa-l takes no const bytes, and writes none of them.
  auto* const first = reinterpret_cast<std::uint8_t*>(const_cast<char*>(compressed.data()));
  std::span<std::uint8_t> input(first, compressed.size());
  std::span<char> room = out;
  Status status = Status::kDamaged;
  int members = 0;
  do {
    status = state_->read_one(frame, input, room);
    ++members;
  } while (status == Status::kWhole && !input.empty() && frame == ISAL_GZIP &&
           members < kMembersMax);
  if (status == Status::kWhole && !input.empty()) status = Status::kDamaged;
  return {status, out.size() - room.size()};
}

}  // namespace pixel::edge
