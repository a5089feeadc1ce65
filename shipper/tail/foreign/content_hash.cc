// SPDX-License-Identifier: Apache-2.0
// See content_hash.h.
#include "shipper/tail/foreign/content_hash.h"

#include <algorithm>

namespace pixel::shipper {

ContentHash::ContentHash(const ContentMark& mark)
    : chain_(mark.chain), length_(mark.length / kBlockBytes * kBlockBytes) {
  block_.update(chain_);
}

void ContentHash::update(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::uint64_t room = kBlockBytes - length_ % kBlockBytes;
    const std::string_view part = bytes.substr(0, std::min<std::uint64_t>(room, bytes.size()));
    block_.update(part);
    length_ += part.size();
    bytes.remove_prefix(part.size());
    if (length_ % kBlockBytes != 0) continue;
    chain_ = block_.hex();
    block_ = base::Hasher128();
    block_.update(chain_);
  }
}

std::uint64_t count_content_lines(std::string_view text) noexcept {
  std::uint64_t lines = 0;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    if (text.front() != '#' && newline != 0) ++lines;
    if (newline == std::string_view::npos) break;
    text.remove_prefix(newline + 1);
  }
  return lines;
}

}  // namespace pixel::shipper
