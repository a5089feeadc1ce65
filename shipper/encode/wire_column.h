// SPDX-License-Identifier: Apache-2.0
// The types of ClickHouse's columns, as far as rows can go there.
// Source: ClickHouse documentation, Data types; Formats, RowBinary and TabSeparated.
#pragma once

#include <cstdint>

namespace pixel::shipper {

enum class WireType : std::uint8_t {
  kString,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUInt8,  // Also Bool.
  kUInt16,
  kUInt32,
  kUInt64,
  kFloat32,
  kFloat64,
  kDateTime,    // Seconds, 32 bits.
  kDateTime64,  // `scale` decimals, 64 bits.
  kUuid,
  kIpv4,
  kIpv6,
};

struct WireColumn {
  WireType type = WireType::kString;
  bool is_nullable = false;
  std::uint8_t scale = 0;  // kDateTime64: 0 to 9.
  bool operator==(const WireColumn&) const = default;
};

}  // namespace pixel::shipper
