// SPDX-License-Identifier: Apache-2.0
// See utf8.h: the check beyond ASCII and the repair. COLD.
#include "shipper/sinks/duckdb/utf8.h"

namespace pixel::shipper::duckdb {
namespace {

unsigned byte_at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

bool is_tail(std::string_view text, std::size_t index) {
  return index < text.size() && (byte_at(text, index) & 0xC0) == 0x80;
}

}  // namespace

std::size_t utf8_sequence_bytes(std::string_view text) noexcept {
  const unsigned lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4 || !is_tail(text, 1)) return 0;
  if (lead < 0xE0) return 2;
  const unsigned second = byte_at(text, 1);
  if (!is_tail(text, 2)) return 0;
  // The shortest spelling only, no surrogates, nothing above U+10FFFF.
  if (lead < 0xF0) {
    const bool fits = lead == 0xE0 ? second >= 0xA0 : lead != 0xED || second < 0xA0;
    return fits ? 3 : 0;
  }
  const bool fits = lead == 0xF0 ? second >= 0x90 : lead != 0xF4 || second < 0x90;
  return fits && is_tail(text, 3) ? 4 : 0;
}

bool is_utf8(std::string_view text) noexcept {
  if (is_ascii(text)) return true;
  while (!text.empty()) {
    const std::size_t bytes = utf8_sequence_bytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string repair_utf8(std::string_view text) {
  std::string repaired;
  while (!text.empty()) {
    const std::size_t bytes = utf8_sequence_bytes(text);
    if (bytes == 0) {
      repaired += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    } else {
      repaired += text.substr(0, bytes);
      text.remove_prefix(bytes);
    }
  }
  return repaired;
}

}  // namespace pixel::shipper::duckdb
