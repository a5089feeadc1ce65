// SPDX-License-Identifier: Apache-2.0
// The scans by table, a byte at a time: the reference for the vector scans, and what runs where
// there are none. HOT; pure.
#include "edge/http/byte_class.h"
#include "edge/http/scan.h"

namespace pixel::edge {
namespace {

void scan_head(std::string_view bytes, std::size_t offset, HeadMasks& masks) noexcept {
  for (std::size_t block = 0; block < HeadMasks::kBlocks && offset < bytes.size(); ++block) {
    const std::string_view part = bytes.substr(offset, kScanBlockBytes);
    std::uint64_t name_end = 0;
    std::uint64_t value_end = 0;
    for (std::size_t i = 0; i < part.size(); ++i) {
      name_end |= std::uint64_t{!has_class(part[i], kTokenByte)} << i;
      value_end |= std::uint64_t{has_class(part[i], kValueEndByte)} << i;
    }
    masks.name_end[block] = name_end;
    masks.value_end[block] = value_end;
    offset += kScanBlockBytes;
  }
}

void scan_target(std::string_view bytes, std::size_t offset, TargetMasks& masks) noexcept {
  for (std::size_t block = 0; block < TargetMasks::kBlocks && offset < bytes.size(); ++block) {
    const std::string_view part = bytes.substr(offset, kScanBlockBytes);
    std::uint64_t target_end = 0;
    for (std::size_t i = 0; i < part.size(); ++i) {
      target_end |= std::uint64_t{has_class(part[i], kTargetEndByte)} << i;
    }
    masks.target_end[block] = target_end;
    offset += kScanBlockBytes;
  }
}

}  // namespace

const ScanOps kScalarScan = {"scalar", scan_head, scan_target};

}  // namespace pixel::edge
