// SPDX-License-Identifier: Apache-2.0
// The scans by table, a byte at a time: the reference for the vector scans, and what runs where
// there are none. HOT; pure.
#include "edge/http/byte_class.h"
#include "edge/http/scan.h"
#include "edge/http/scan_block.h"

namespace pixel::edge {
namespace {

void scan_head(std::string_view bytes, std::size_t offset, HeadStops& stops) noexcept {
  HeadStops::Carry carry = stops.carry;
  std::uint32_t* out = stops.positions;
  for (std::size_t block = 0; block < HeadStops::kBlocks && offset < bytes.size(); ++block) {
    const std::string_view part = bytes.substr(offset, kScanBlockBytes);
    std::uint64_t others = 0;
    std::uint64_t controls = 0;
    for (std::size_t i = 0; i < part.size(); ++i) {
      others |= std::uint64_t{!has_class(part[i], kTokenByte)} << i;
      controls |= std::uint64_t{has_class(part[i], kValueEndByte)} << i;
    }
    out = put_positions(find_stops(carry, others, controls), offset, out);
    offset += kScanBlockBytes;
  }
  stops.carry = carry;
  stops.count = static_cast<std::uint32_t>(out - stops.positions);
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
