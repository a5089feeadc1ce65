// SPDX-License-Identifier: Apache-2.0
// Who wrote a segment and which one it is; its file names while active and once sealed. COLD.
//
//   active/A0001673F3C2A00300000007.seg                                (kind node boot worker
//   index) sealed/PIXELEDGE.2026-11-20-18.A0001673F3C2A00300000007.log        (also .log.gz,
//   .ndjson) sealed/PIXELEDGE.2026-11-20-18.A0001673F3C2A00300000007.manifest
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pixel::logfmt {

enum class SegmentKind : char {
  kAccess = 'A',   // CloudFront lines.
  kEvents = 'E',   // NDJSON envelopes.
  kForeign = 'F',  // Pieces of files that others wrote: never a file name of the spool.
};

/// What the lines of a lane look like: those of a foreign one are access lines.
constexpr SegmentKind line_kind(SegmentKind lane_kind) noexcept {
  return lane_kind == SegmentKind::kEvents ? SegmentKind::kEvents : SegmentKind::kAccess;
}

/// All segments of one writer thread of one process life, in the order of their index.
struct LaneId {
  SegmentKind kind = SegmentKind::kAccess;
  std::uint16_t node = 0;    // Configured, unique in a fleet.
  std::uint32_t boot = 0;    // Grows with every process start of a node.
  std::uint16_t worker = 0;  // 0 to 4095: three hexadecimal digits.
  auto operator<=>(const LaneId&) const = default;
};

struct SegmentId {
  LaneId lane;
  std::uint32_t index = 0;  // From 0 in each lane, without gap.
  auto operator<=>(const SegmentId&) const = default;
};

inline constexpr std::size_t kLaneTextBytes = 16;
inline constexpr std::size_t kSegmentTextBytes = 24;

/// 16 and 24 upper case letters and digits: text order is id order.
std::string to_text(const LaneId& lane);
std::string to_text(const SegmentId& segment);
std::optional<LaneId> parse_lane(std::string_view text);
std::optional<SegmentId> parse_segment(std::string_view text);

/// "<segment>.seg"
std::string active_file_name(const SegmentId& segment);
std::optional<SegmentId> parse_active_file_name(std::string_view name);
/// The same name, NUL-terminated, for whoever must not allocate.
struct ActiveFileName {
  char text[kSegmentTextBytes + sizeof ".seg"];
};
ActiveFileName active_file_name_text(const SegmentId& segment) noexcept;

/// A file in sealed/.
struct SealedName {
  enum class Type { kData, kCompressedData, kManifest };
  std::string distribution;
  std::string hour;  // "2026-11-20-18": the UTC hour of its requests.
  SegmentId segment;
  Type type = Type::kData;
};
/// "<distribution>.<hour>.<segment>.log" and its siblings.
std::string sealed_file_name(const SealedName& name);
std::optional<SealedName> parse_sealed_file_name(std::string_view name);

/// "2026-11-20-18" of a time.
std::string hour_text(std::int64_t unix_seconds);

/// "0001-673F3C2A.control": the control page of a node's process life, in active/.
std::string control_file_name(std::uint16_t node, std::uint32_t boot);
struct ControlName {
  std::uint16_t node;
  std::uint32_t boot;
};
std::optional<ControlName> parse_control_file_name(std::string_view name);

}  // namespace pixel::logfmt
