// SPDX-License-Identifier: Apache-2.0
// See checkpoint.h. The text has one spelling per checkpoint: what parses is written again and
// compared, so that no changed byte passes, not even one that JSON would ignore. COLD.
#include "shipper/deliver/checkpoint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"

namespace pixel::shipper {
namespace {

constexpr unsigned kCheckpointVersion = 1;
constexpr std::string_view kHashKey = ",\"xxh3_64\":\"";
constexpr std::size_t kHashDigits = 16;
constexpr std::string_view kEnd = "\"}\n";

// Reads one unsigned member; false keeps `ok` false for good.
void read_number(const nlohmann::json& object, const char* key, std::uint64_t& value, bool& ok) {
  const auto member = object.find(key);
  ok = ok && member != object.end() && member->is_number_unsigned();
  if (ok) value = member->get<std::uint64_t>();
}

bool read_lane(const std::string& name, const nlohmann::json& pair, Checkpoint& checkpoint) {
  const auto lane = logfmt::parse_lane(name);
  if (!lane || !pair.is_array() || pair.size() != 2) return false;
  if (!pair[0].is_number_unsigned() || !pair[1].is_number_unsigned()) return false;
  const auto index = pair[0].get<std::uint64_t>();
  if (index > UINT32_MAX) return false;
  checkpoint.lanes[*lane] = {static_cast<std::uint32_t>(index), pair[1].get<std::uint64_t>()};
  return true;
}

bool read_members(const nlohmann::json& object, Checkpoint& checkpoint) {
  if (!object.is_object()) return false;
  bool ok = true;
  read_number(object, "batches", checkpoint.batches, ok);
  read_number(object, "lines", checkpoint.lines, ok);
  read_number(object, "rows", checkpoint.rows, ok);
  read_number(object, "filtered", checkpoint.filtered, ok);
  read_number(object, "dead_lettered", checkpoint.dead_lettered, ok);
  read_number(object, "bytes", checkpoint.bytes, ok);
  read_number(object, "dead_letter_bytes", checkpoint.dead_letter_bytes, ok);
  read_number(object, "missing", checkpoint.missing, ok);
  const auto lanes = object.find("lanes");
  if (!ok || lanes == object.end() || !lanes->is_object()) return false;
  for (const auto& [name, pair] : lanes->items()) {
    if (!read_lane(name, pair, checkpoint)) return false;
  }
  return true;
}

}  // namespace

std::string to_text(const Checkpoint& checkpoint) {
  std::string text = fmt::format(
      "{{\"format_version\":{},\"batches\":{},\"lines\":{},\"rows\":{},\"filtered\":{},"
      "\"dead_lettered\":{},\"bytes\":{},\"dead_letter_bytes\":{},\"missing\":{},\"lanes\":{{",
      kCheckpointVersion, checkpoint.batches, checkpoint.lines, checkpoint.rows,
      checkpoint.filtered, checkpoint.dead_lettered, checkpoint.bytes, checkpoint.dead_letter_bytes,
      checkpoint.missing);
  const char* comma = "";
  for (const auto& [lane, position] : checkpoint.lanes) {
    text += fmt::format("{}\"{}\":[{},{}]", comma, to_text(lane), position.index, position.offset);
    comma = ",";
  }
  text += '}';
  const std::uint64_t hash = base::hash64(text);
  text += fmt::format("{}{:016x}{}", kHashKey, hash, kEnd);
  return text;
}

base::Result<Checkpoint> parse_checkpoint(std::string_view text) {
  constexpr std::size_t tail_bytes = kHashKey.size() + kHashDigits + kEnd.size();
  if (text.size() <= tail_bytes || !text.ends_with(kEnd)) {
    return base::Error{"checkpoint: cut off or not a checkpoint"};
  }
  const std::string_view content = text.substr(0, text.size() - tail_bytes);
  const std::string_view digits = text.substr(content.size() + kHashKey.size(), kHashDigits);
  if (digits != fmt::format("{:016x}", base::hash64(content))) {
    return base::Error{"checkpoint: checksum does not match its content"};
  }
  const auto object = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  const auto version = object.is_object() ? object.find("format_version") : object.end();
  if (version != object.end() && version->is_number_unsigned() &&
      version->get<std::uint64_t>() != kCheckpointVersion) {
    return base::Error{
        fmt::format("checkpoint: format_version {}: this program reads {}; a newer one wrote it",
                    version->get<std::uint64_t>(), kCheckpointVersion)};
  }
  Checkpoint checkpoint;
  if (!read_members(object, checkpoint) || to_text(checkpoint) != text) {
    return base::Error{"checkpoint: not as this program writes it"};
  }
  return checkpoint;
}

}  // namespace pixel::shipper
