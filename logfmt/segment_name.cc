// SPDX-License-Identifier: Apache-2.0
// COLD: see segment_name.h.
#include "logfmt/segment_name.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/clock.h"
#include "logfmt/hex_text.h"

namespace pixel::logfmt {
namespace {

constexpr std::size_t kHourTextBytes = 13;     // "2026-11-20-18"
constexpr std::size_t kControlStemBytes = 13;  // "0001-673F3C2A"
constexpr std::string_view kActiveSuffix = ".seg";
constexpr std::string_view kControlSuffix = ".control";

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// Cuts the last `bytes` bytes and the '.' before them off `text`; "" where they are not there.
std::string_view take_last_part(std::string_view& text, std::size_t bytes) {
  if (text.size() < bytes + 1 || text[text.size() - bytes - 1] != '.') return {};
  const std::string_view part = text.substr(text.size() - bytes);
  text.remove_suffix(bytes + 1);
  return part;
}

std::string_view data_suffix(SegmentKind kind) {
  return kind == SegmentKind::kAccess ? ".log" : ".ndjson";
}

std::optional<SegmentKind> parse_kind(char letter) {
  for (const auto kind : {SegmentKind::kAccess, SegmentKind::kEvents, SegmentKind::kForeign}) {
    if (letter == static_cast<char>(kind)) return kind;
  }
  return std::nullopt;
}

// Segments of files in the spool: foreign ones have names of their own.
std::optional<SegmentId> parse_own_segment(std::string_view text) {
  const auto segment = parse_segment(text);
  if (!segment || segment->lane.kind == SegmentKind::kForeign) return std::nullopt;
  return segment;
}

int two_digits(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// A text is an hour when writing the hour it means gives the same text.
bool is_hour_text(std::string_view text) {
  if (text.size() != kHourTextBytes) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool separator = i == 4 || i == 7 || i == 10;
    if (separator ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
  }
  base::CivilTime civil{};
  civil.year = two_digits(text, 0) * 100 + two_digits(text, 2);
  civil.month = two_digits(text, 5);
  civil.day = two_digits(text, 8);
  civil.hour = two_digits(text, 11);
  if (civil.month < 1 || civil.month > 12) return false;
  return hour_text(base::unix_from_civil(civil)) == text;
}

bool is_distribution(std::string_view text) {
  return !text.empty() && text.find('/') == std::string_view::npos &&
         text.find('\0') == std::string_view::npos;
}

}  // namespace

std::string to_text(const LaneId& lane) {
  CHECK(lane.worker < 4096);
  std::string text(1, static_cast<char>(lane.kind));
  append_hex(text, lane.node, 4);
  append_hex(text, lane.boot, 8);
  append_hex(text, lane.worker, 3);
  return text;
}

std::string to_text(const SegmentId& segment) {
  std::string text = to_text(segment.lane);
  append_hex(text, segment.index, 8);
  return text;
}

std::optional<LaneId> parse_lane(std::string_view text) {
  if (text.size() != kLaneTextBytes) return std::nullopt;
  const auto kind = parse_kind(text[0]);
  const auto node = parse_hex(text.substr(1, 4));
  const auto boot = parse_hex(text.substr(5, 8));
  const auto worker = parse_hex(text.substr(13, 3));
  if (!kind || !node || !boot || !worker) return std::nullopt;
  return LaneId{*kind, static_cast<std::uint16_t>(*node), static_cast<std::uint32_t>(*boot),
                static_cast<std::uint16_t>(*worker)};
}

std::optional<SegmentId> parse_segment(std::string_view text) {
  if (text.size() != kSegmentTextBytes) return std::nullopt;
  const auto lane = parse_lane(text.substr(0, kLaneTextBytes));
  const auto index = parse_hex(text.substr(kLaneTextBytes));
  if (!lane || !index) return std::nullopt;
  return SegmentId{*lane, static_cast<std::uint32_t>(*index)};
}

std::string active_file_name(const SegmentId& segment) {
  return to_text(segment) + std::string(kActiveSuffix);
}

ActiveFileName active_file_name_text(const SegmentId& segment) noexcept {
  ActiveFileName name{};
  char* out = name.text;
  const auto put = [&out](std::uint64_t value, std::size_t digits) {
    write_hex(out, value, digits);
    out += digits;
  };
  *out++ = static_cast<char>(segment.lane.kind);
  put(segment.lane.node, 4);
  put(segment.lane.boot, 8);
  put(segment.lane.worker, 3);
  put(segment.index, 8);
  kActiveSuffix.copy(out, kActiveSuffix.size());
  return name;
}

std::optional<SegmentId> parse_active_file_name(std::string_view name) {
  if (!take_suffix(name, kActiveSuffix)) return std::nullopt;
  return parse_own_segment(name);
}

std::string sealed_file_name(const SealedName& name) {
  std::string text = fmt::format("{}.{}.{}", name.distribution, name.hour, to_text(name.segment));
  if (name.type == SealedName::Type::kManifest) return text + ".manifest";
  text += data_suffix(name.segment.lane.kind);
  if (name.type == SealedName::Type::kCompressedData) text += ".gz";
  return text;
}

std::optional<SealedName> parse_sealed_file_name(std::string_view name) {
  SealedName parsed;
  std::string_view suffix;
  if (take_suffix(name, ".manifest")) {
    parsed.type = SealedName::Type::kManifest;
  } else {
    if (take_suffix(name, ".gz")) parsed.type = SealedName::Type::kCompressedData;
    suffix = name.ends_with(".log") ? ".log" : ".ndjson";
    if (!take_suffix(name, suffix)) return std::nullopt;
  }
  const auto segment = parse_own_segment(take_last_part(name, kSegmentTextBytes));
  const std::string_view hour = take_last_part(name, kHourTextBytes);
  if (!segment || !is_hour_text(hour) || !is_distribution(name)) return std::nullopt;
  if (!suffix.empty() && suffix != data_suffix(segment->lane.kind)) return std::nullopt;
  parsed.distribution = name;
  parsed.hour = hour;
  parsed.segment = *segment;
  return parsed;
}

std::string hour_text(std::int64_t unix_seconds) {
  const base::CivilTime c = base::civil_from_unix(unix_seconds);
  return fmt::format("{:04}-{:02}-{:02}-{:02}", c.year, c.month, c.day, c.hour);
}

std::string control_file_name(std::uint16_t node, std::uint32_t boot) {
  std::string text;
  append_hex(text, node, 4);
  text += '-';
  append_hex(text, boot, 8);
  return text + std::string(kControlSuffix);
}

std::optional<ControlName> parse_control_file_name(std::string_view name) {
  if (!take_suffix(name, kControlSuffix)) return std::nullopt;
  if (name.size() != kControlStemBytes || name[4] != '-') return std::nullopt;
  const auto node = parse_hex(name.substr(0, 4));
  const auto boot = parse_hex(name.substr(5));
  if (!node || !boot) return std::nullopt;
  return ControlName{static_cast<std::uint16_t>(*node), static_cast<std::uint32_t>(*boot)};
}

}  // namespace pixel::logfmt
