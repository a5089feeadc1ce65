// SPDX-License-Identifier: Apache-2.0
// See journal_record.h.
#include "shipper/deliver/journal_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/hash.h"

namespace pixel::shipper {
namespace {

using nlohmann::json;

constexpr unsigned kJournalVersion = 1;
constexpr std::size_t kHashDigits = 16;
constexpr std::array<std::string_view, 6> kKinds = {"head",  "carried", "intent",
                                                    "split", "refused", "done"};

json to_json(const Delta& delta) {
  json lanes = json::object();
  for (const auto& [lane, position] : delta.lanes) {
    lanes[to_text(lane)] = {position.index, position.offset};
  }
  return {{"lanes", std::move(lanes)},  {"lines", delta.lines},        {"rows", delta.rows},
          {"filtered", delta.filtered}, {"dead", delta.dead_lettered}, {"bytes", delta.bytes},
          {"missing", delta.missing}};
}

json to_json(const Intent& intent) {
  json ranges = json::array();
  for (const Range& range : intent.ranges) {
    ranges.push_back({to_text(range.segment), range.from, range.to, range.lines});
  }
  json refused = json::array();
  for (const RefusedRow& row : intent.refused) {
    refused.push_back({to_text(row.segment), row.offset, row.table, row.reason});
  }
  json object = {{"number", intent.number},           {"ranges", std::move(ranges)},
                 {"delta", to_json(intent.delta)},    {"xxh3_128", intent.xxh3_128},
                 {"encoder", intent.encoder_version}, {"tables", intent.tables_hash}};
  if (!intent.refused.empty()) object["refused"] = std::move(refused);
  return object;
}

// Reads members; what is absent or of another type makes it fail for good. A record that passed its
// checksum fails only where another version wrote it.
class Reader {
 public:
  bool is_fine() const { return fine_; }
  void fail() { fine_ = false; }

  const json& member(const json& object, const char* key) {
    static const json kNone;
    const bool is_there = object.is_object() && object.contains(key);
    fine_ = fine_ && is_there;
    return is_there ? object[key] : kNone;
  }
  std::uint64_t number(const json& value) {
    fine_ = fine_ && value.is_number_unsigned();
    return fine_ ? value.get<std::uint64_t>() : 0;
  }
  std::uint64_t number(const json& object, const char* key) { return number(member(object, key)); }
  std::string text(const json& value) {
    fine_ = fine_ && value.is_string();
    return fine_ ? value.get<std::string>() : std::string();
  }
  logfmt::SegmentId segment(const json& value) {
    const auto parsed = logfmt::parse_segment(text(value));
    fine_ = fine_ && parsed.has_value();
    return parsed.value_or(logfmt::SegmentId{});
  }
  // An array of `size` values.
  bool is_tuple(const json& value, std::size_t size) {
    fine_ = fine_ && value.is_array() && value.size() == size;
    return fine_;
  }
  const json& array(const json& object, const char* key) {
    const json& value = member(object, key);
    fine_ = fine_ && value.is_array();
    return value;
  }

  Delta delta(const json& object);
  Intent intent(const json& object);
  Checkpoint totals(const json& object);

 private:
  bool fine_ = true;
};

Delta Reader::delta(const json& object) {
  Delta delta;
  const json& lanes = member(object, "lanes");
  if (!lanes.is_object()) fail();
  if (!is_fine()) return delta;
  for (const auto& [name, pair] : lanes.items()) {
    const auto lane = logfmt::parse_lane(name);
    if (!lane || !is_tuple(pair, 2) || number(pair[0]) > UINT32_MAX) {
      fail();
      return delta;
    }
    delta.lanes[*lane] = {static_cast<std::uint32_t>(number(pair[0])), number(pair[1])};
  }
  delta.lines = number(object, "lines");
  delta.rows = number(object, "rows");
  delta.filtered = number(object, "filtered");
  delta.dead_lettered = number(object, "dead");
  delta.bytes = number(object, "bytes");
  delta.missing = number(object, "missing");
  return delta;
}

Intent Reader::intent(const json& object) {
  Intent intent;
  intent.number = number(object, "number");
  for (const json& range : array(object, "ranges")) {
    if (!is_tuple(range, 4)) break;
    intent.ranges.push_back(
        {segment(range[0]), number(range[1]), number(range[2]), number(range[3])});
  }
  intent.delta = delta(member(object, "delta"));
  intent.xxh3_128 = text(member(object, "xxh3_128"));
  intent.encoder_version = static_cast<std::uint32_t>(number(object, "encoder"));
  intent.tables_hash = number(object, "tables");
  if (!is_fine() || !object.contains("refused")) return intent;
  for (const json& row : array(object, "refused")) {
    if (!is_tuple(row, 4)) break;
    intent.refused.push_back({segment(row[0]), number(row[1]),
                              static_cast<std::uint32_t>(number(row[2])), text(row[3])});
  }
  return intent;
}

Checkpoint Reader::totals(const json& object) {
  const auto checkpoint = parse_checkpoint(text(object));
  if (!checkpoint) fail();
  return checkpoint ? *checkpoint : Checkpoint{};
}

std::optional<std::uint64_t> parse_hash(std::string_view digits) {
  std::uint64_t hash = 0;
  for (const char c : digits) {
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (!is_digit) return std::nullopt;
    hash = hash << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return hash;
}

auto find(JournalState& state, std::uint64_t number) {
  return std::find_if(state.intents.begin(), state.intents.end(),
                      [number](const Intent& intent) { return intent.number == number; });
}

base::Error out_of_place(const JournalRecord& record) {
  return base::Error{fmt::format("record {} ({}) does not follow from the records before it",
                                 record.sequence, kKinds[static_cast<std::size_t>(record.kind)])};
}

}  // namespace

void advance(Checkpoint& checkpoint, const Delta& delta) {
  for (const auto& [lane, position] : delta.lanes) checkpoint.lanes[lane] = position;
  ++checkpoint.batches;
  checkpoint.lines += delta.lines;
  checkpoint.rows += delta.rows;
  checkpoint.filtered += delta.filtered;
  checkpoint.dead_lettered += delta.dead_lettered;
  checkpoint.bytes += delta.bytes;
  checkpoint.missing += delta.missing;
}

Delta delta_between(const Checkpoint& from, const Checkpoint& to) {
  Delta delta;
  for (const auto& [lane, position] : to.lanes) {
    const auto before = from.lanes.find(lane);
    if (before == from.lanes.end() || before->second != position) delta.lanes[lane] = position;
  }
  delta.lines = to.lines - from.lines;
  delta.rows = to.rows - from.rows;
  delta.filtered = to.filtered - from.filtered;
  delta.dead_lettered = to.dead_lettered - from.dead_lettered;
  delta.bytes = to.bytes - from.bytes;
  delta.missing = to.missing - from.missing;
  return delta;
}

Checkpoint JournalState::reached() const {
  Checkpoint end = checkpoint;
  for (const Intent& intent : intents) advance(end, intent.delta);
  return end;
}

std::string to_line(const JournalRecord& record) {
  json object = {{"v", kJournalVersion}, {"seq", record.sequence}};
  object["is"] = kKinds[static_cast<std::size_t>(record.kind)];
  const bool has_checkpoint =
      record.kind == JournalRecord::Kind::kHead || record.kind == JournalRecord::Kind::kDone;
  if (has_checkpoint) object["checkpoint"] = to_text(record.checkpoint);
  if (record.kind == JournalRecord::Kind::kHead) {
    object["carried"] = record.count;
    object["next"] = record.next_number;
  } else {
    object["number"] = record.number;
  }
  if (!record.intents.empty()) {
    object["intents"] = json::array();
    for (const Intent& intent : record.intents) object["intents"].push_back(to_json(intent));
  }
  // Reasons may hold any byte of a line.
  const std::string text =
      " " + object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  return fmt::format("{:016x}{}\n", base::hash64(text), text);
}

base::Result<JournalRecord> parse_journal_line(std::string_view line) {
  const auto hash = parse_hash(line.substr(0, std::min(line.size(), kHashDigits)));
  if (line.size() <= kHashDigits || !hash || base::hash64(line.substr(kHashDigits)) != *hash) {
    return base::Error{"checksum does not match"};
  }
  const auto object = json::parse(line.substr(kHashDigits), nullptr, false);
  Reader reader;
  JournalRecord record;
  if (reader.number(object, "v") != kJournalVersion || !reader.is_fine()) {
    return base::Error{
        fmt::format("written in another version of the format than {}: run the "
                    "pixel-shipper that wrote it",
                    kJournalVersion)};
  }
  record.sequence = reader.number(object, "seq");
  const std::string kind = reader.text(reader.member(object, "is"));
  const auto found = std::find(kKinds.begin(), kKinds.end(), kind);
  if (found == kKinds.end()) return base::Error{"a record of an unknown kind: " + kind};
  record.kind = static_cast<JournalRecord::Kind>(found - kKinds.begin());
  if (object.contains("checkpoint")) record.checkpoint = reader.totals(object["checkpoint"]);
  if (record.kind == JournalRecord::Kind::kHead) {
    record.count = reader.number(object, "carried");
    record.next_number = reader.number(object, "next");
  } else {
    record.number = reader.number(object, "number");
  }
  if (object.contains("intents")) {
    for (const json& intent : reader.array(object, "intents")) {
      record.intents.push_back(reader.intent(intent));
    }
  }
  if (!reader.is_fine()) return base::Error{"a member is absent or of another type"};
  return record;
}

base::Status apply(const JournalRecord& record, JournalState& state) {
  using Kind = JournalRecord::Kind;
  const auto at = find(state, record.number);
  const bool is_known = at != state.intents.end();
  if (record.kind == Kind::kHead) {
    state = {record.checkpoint, {}, record.next_number};
    return base::ok_status();
  }
  if (record.kind == Kind::kDone) {
    if (!is_known) return out_of_place(record);
    state.intents.erase(state.intents.begin(), at + 1);
    state.checkpoint = record.checkpoint;
    return base::ok_status();
  }
  const bool is_new = record.kind == Kind::kIntent || record.kind == Kind::kCarried;
  const std::size_t wanted = record.kind == Kind::kSplit ? 2 : 1;
  if (record.intents.size() != wanted || is_known == is_new) return out_of_place(record);
  for (const Intent& intent : record.intents) {
    state.next_number = std::max(state.next_number, intent.number + 1);
  }
  if (is_new) {
    state.intents.push_back(record.intents[0]);
    return base::ok_status();
  }
  *at = record.intents[0];
  if (wanted == 2) state.intents.insert(at + 1, record.intents[1]);
  return base::ok_status();
}

}  // namespace pixel::shipper
