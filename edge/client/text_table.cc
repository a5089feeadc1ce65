// SPDX-License-Identifier: Apache-2.0
// See text_table.h. HOT, but for the constructor, which is COLD. Slots are probed one by one; twice
// as many as texts, so a free one always ends the probe.
#include "edge/client/text_table.h"

#include <cstring>

#include "base/hash.h"
#include "edge/client/text.h"

namespace pixel::edge {

TextTable::TextTable() : entries_(std::make_unique<Entry[]>(kTextsMax)) {}

std::uint8_t TextTable::intern(std::string_view text) noexcept {
  if (text.size() > kTextBytesMax || !is_name(text)) return kNone;
  std::size_t slot = base::hash64(text) % kSlots;
  for (; slots_[slot] != kNone; slot = (slot + 1) % kSlots) {
    if (this->text(slots_[slot]) == text) return slots_[slot];
  }
  if (count_ == kTextsMax) return kNone;
  Entry& entry = entries_[count_++];
  std::memcpy(entry.text, text.data(), text.size());
  entry.bytes = static_cast<std::uint8_t>(text.size());
  slots_[slot] = static_cast<std::uint8_t>(count_);
  return slots_[slot];
}

std::string_view TextTable::text(std::uint8_t number) const noexcept {
  if (number == kNone || number > count_) return {};
  const Entry& entry = entries_[number - std::size_t{1}];
  return {entry.text, entry.bytes};
}

}  // namespace pixel::edge
