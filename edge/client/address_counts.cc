// SPDX-License-Identifier: Apache-2.0
// HOT by thread: see address_counts.h.
#include "edge/client/address_counts.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "base/hash.h"

namespace pixel::edge {

IpAddress counted_address(const IpAddress& address) noexcept {
  IpAddress counted = address;
  if (!address.is_v4()) std::fill(counted.bytes.begin() + 8, counted.bytes.end(), std::uint8_t{0});
  return counted;
}

AddressCounts::AddressCounts(std::uint32_t addresses_max)
    : slots_(addresses_max == 0 ? 0 : std::bit_ceil(std::size_t{2} * addresses_max)),
      mask_(slots_.empty() ? 0 : slots_.size() - 1) {}

std::size_t AddressCounts::home_of(const IpAddress& address) const noexcept {
  const auto* const bytes = reinterpret_cast<const char*>(address.bytes.data());
  return base::hash64({bytes, address.bytes.size()}) & mask_;
}

// Its slot, or the free one where it would be put.
std::size_t AddressCounts::find(const IpAddress& address) const noexcept {
  std::size_t index = home_of(address);
  while (slots_[index].count != 0 && slots_[index].address != address) {
    index = (index + 1) & mask_;
  }
  return index;
}

std::uint32_t AddressCounts::add(const IpAddress& address) noexcept {
  Slot& slot = slots_[find(address)];
  slot.address = address;
  return ++slot.count;
}

void AddressCounts::remove(const IpAddress& address) noexcept {
  const std::size_t index = find(address);
  DCHECK(slots_[index].count > 0);
  if (--slots_[index].count == 0) close_gap(index);
}

// Moves back each follower whose probe would otherwise end at the gap.
void AddressCounts::close_gap(std::size_t gap) noexcept {
  for (std::size_t index = (gap + 1) & mask_; slots_[index].count != 0;
       index = (index + 1) & mask_) {
    const std::size_t home = home_of(slots_[index].address);
    const bool reaches_gap = ((index - home) & mask_) >= ((index - gap) & mask_);
    if (!reaches_gap) continue;
    slots_[gap] = slots_[index];
    slots_[index].count = 0;
    gap = index;
  }
}

}  // namespace pixel::edge
