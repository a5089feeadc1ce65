// SPDX-License-Identifier: Apache-2.0
// The chunked coding, byte by byte (RFC 9112 section 7.1). HOT by thread; pure. One state after
// each byte, and data moved as it comes: no segmentation can make a difference. White space around
// sizes and extensions (BWS) is refused, as are bare LFs: they are what parsers disagree about.
#include "edge/http/body.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "edge/http/byte_class.h"

namespace pixel::edge {
namespace {

// What may come next. kData is the only one whose bytes are the body's.
enum class Phase : std::uint8_t {
  kSizeBegin,
  kSize,
  kNameBegin,  // Of an extension.
  kName,
  kValueBegin,
  kValue,
  kQuoted,
  kQuotedPair,
  kQuotedEnd,
  kSizeLf,
  kData,
  kDataCr,
  kDataLf,
  kTrailerBegin,
  kTrailerName,
  kTrailerValue,
  kTrailerLf,
  kFinalLf,
  kComplete,
  kRefused,
};

constexpr std::uint32_t kSizeDigitsMax = 16;
constexpr int kNoDigit = -1;

constexpr int hex_digit(char byte) noexcept {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const char lower = static_cast<char>(byte | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : kNoDigit;
}

constexpr bool is_token(char byte) noexcept { return has_class(byte, kTokenByte); }
constexpr bool is_text(char byte) noexcept { return !has_class(byte, kValueEndByte); }

// `next` when `right`, else the end.
constexpr Phase only_if(bool right, Phase next) noexcept { return right ? next : Phase::kRefused; }

// Behind a size, an extension's name or its value: another extension or the end of the line.
constexpr Phase next_extension(char byte) noexcept {
  return byte == ';' ? Phase::kNameBegin : only_if(byte == '\r', Phase::kSizeLf);
}

// line_bytes counts the digits here. 16 of them always fit.
Phase take_size(char byte, ChunkProgress& progress) noexcept {
  const int digit = hex_digit(byte);
  if (digit == kNoDigit) {
    return only_if(progress.line_bytes > 1, next_extension(byte));
  }
  if (progress.line_bytes > kSizeDigitsMax) return Phase::kRefused;
  progress.chunk_left = progress.chunk_left << 4 | static_cast<unsigned>(digit);
  return Phase::kSize;
}

constexpr Phase take_extension(Phase phase, char byte) noexcept {
  switch (phase) {
    case Phase::kNameBegin:
      return only_if(is_token(byte), Phase::kName);
    case Phase::kName:
      if (is_token(byte)) return Phase::kName;
      return byte == '=' ? Phase::kValueBegin : next_extension(byte);
    case Phase::kValueBegin:
      return byte == '"' ? Phase::kQuoted : only_if(is_token(byte), Phase::kValue);
    case Phase::kValue:
      return is_token(byte) ? Phase::kValue : next_extension(byte);
    case Phase::kQuoted:
      if (byte == '\\') return Phase::kQuotedPair;
      return byte == '"' ? Phase::kQuotedEnd : only_if(is_text(byte), Phase::kQuoted);
    case Phase::kQuotedPair:
      return only_if(is_text(byte), Phase::kQuoted);
    default:
      return next_extension(byte);  // kQuotedEnd.
  }
}

constexpr Phase take_trailer(Phase phase, char byte) noexcept {
  switch (phase) {
    case Phase::kTrailerBegin:
      return byte == '\r' ? Phase::kFinalLf : only_if(is_token(byte), Phase::kTrailerName);
    case Phase::kTrailerName:
      if (is_token(byte)) return Phase::kTrailerName;
      return only_if(byte == ':', Phase::kTrailerValue);
    case Phase::kTrailerValue:
      if (is_text(byte)) return Phase::kTrailerValue;
      return only_if(byte == '\r', Phase::kTrailerLf);
    case Phase::kTrailerLf:
      return only_if(byte == '\n', Phase::kTrailerBegin);
    default:
      return only_if(byte == '\n', Phase::kComplete);  // kFinalLf.
  }
}

// The next phase after a byte that is not the body's.
Phase take_framing(char byte, ChunkProgress& progress) noexcept {
  const auto phase = static_cast<Phase>(progress.phase);
  switch (phase) {
    case Phase::kSizeBegin:
    case Phase::kSize:
      return take_size(byte, progress);
    case Phase::kSizeLf:
      progress.line_bytes = 0;
      return only_if(byte == '\n', progress.chunk_left == 0 ? Phase::kTrailerBegin : Phase::kData);
    case Phase::kDataCr:
      return only_if(byte == '\r', Phase::kDataLf);
    case Phase::kDataLf:
      progress.line_bytes = 0;
      return only_if(byte == '\n', Phase::kSizeBegin);
    default:
      return phase < Phase::kSizeLf ? take_extension(phase, byte) : take_trailer(phase, byte);
  }
}

// Counts one byte of framing; false: one too many.
bool count_framing(ChunkProgress& progress) noexcept {
  constexpr std::uint64_t kCountMax = std::numeric_limits<std::uint32_t>::max();
  const std::uint64_t limit = kFramingBytesMax + std::uint64_t{progress.decoded_bytes} * 8;
  if (progress.framing_bytes >= std::min(limit, kCountMax)) return false;
  const auto phase = static_cast<Phase>(progress.phase);
  const bool in_trailers = phase >= Phase::kTrailerBegin;
  ++progress.framing_bytes;
  ++progress.line_bytes;
  // The CRLF of a chunk line and the empty line behind the trailers do not count.
  return progress.line_bytes <= (in_trailers ? kTrailerBytesMax + 2 : kChunkLineBytesMax + 2);
}

// Takes what `more` has of the current chunk's data; how many bytes that was.
std::size_t take_data(std::string_view more, char* body, ChunkProgress& progress) noexcept {
  const auto bytes =
      static_cast<std::size_t>(std::min<std::uint64_t>(progress.chunk_left, more.size()));
  std::memmove(body + progress.decoded_bytes, more.data(), bytes);
  progress.decoded_bytes += static_cast<std::uint32_t>(bytes);
  progress.chunk_left -= bytes;
  if (progress.chunk_left == 0) progress.phase = static_cast<std::uint8_t>(Phase::kDataCr);
  return bytes;
}

BodyResult end_at(std::size_t position, BodyStatus status, Refusal refusal) noexcept {
  return {status, refusal, static_cast<std::uint32_t>(position)};
}

}  // namespace

BodyResult decode_chunks(std::string_view more, char* body, std::uint32_t body_bytes_max,
                         ChunkProgress& progress) noexcept {
  std::size_t position = 0;
  while (position < more.size()) {
    if (static_cast<Phase>(progress.phase) == Phase::kData) {
      position += take_data(more.substr(position), body, progress);
      continue;
    }
    const bool counted = count_framing(progress);
    const Phase next = only_if(counted, take_framing(more[position], progress));
    progress.phase = static_cast<std::uint8_t>(next);
    ++position;
    if (next == Phase::kComplete) return end_at(position, BodyStatus::kComplete, Refusal::kNone);
    if (next == Phase::kRefused) return end_at(position, BodyStatus::kRefused, Refusal::kBadChunk);
    if (next == Phase::kData && progress.chunk_left > body_bytes_max - progress.decoded_bytes) {
      progress.phase = static_cast<std::uint8_t>(Phase::kRefused);
      return end_at(position, BodyStatus::kRefused, Refusal::kBodyTooLarge);
    }
  }
  return end_at(position, BodyStatus::kIncomplete, Refusal::kNone);
}

}  // namespace pixel::edge
