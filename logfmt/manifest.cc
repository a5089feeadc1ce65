// SPDX-License-Identifier: Apache-2.0
// COLD: see manifest.h. Keys are written in a fixed order and read in any; unknown ones are left
// alone, so that a later version of the same format may add some.
#include "logfmt/manifest.h"

#include <algorithm>
#include <array>

#include "logfmt/format.h"
#include "logfmt/hex_text.h"
#include "logfmt/json_fields.h"

namespace pixel::logfmt {
namespace {

constexpr std::array<std::string_view, 5> kReasonNames{"size", "age", "hour", "shutdown",
                                                       "recovered"};
constexpr std::size_t kHashDigits = 32;
constexpr std::string_view kLedgerSuffix = ".boot";
constexpr std::size_t kLedgerStemBytes = 13;  // "0001-673F3C2A"

std::string dump(const nlohmann::ordered_json& object) {
  return object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void read_identity(JsonFields& fields, Manifest& manifest) {
  if (const auto segment = parse_segment(fields.text("segment"))) {
    manifest.segment = *segment;
  } else {
    fields.fail("segment", "24 characters of a segment's name");
  }
  manifest.file = fields.text("file");
  if (manifest.file.empty() || manifest.file.find('/') != std::string::npos) {
    fields.fail("file", "a file name without directory");
  }
  manifest.xxh3_128 = fields.text("xxh3_128");
  if (!is_hash(manifest.xxh3_128)) fields.fail("xxh3_128", "32 lower case hexadecimal digits");
}

void read_reason(JsonFields& fields, Manifest& manifest) {
  const std::string name = fields.text("reason");
  const auto place = std::find(kReasonNames.begin(), kReasonNames.end(), name);
  if (place == kReasonNames.end()) {
    fields.fail("reason", "size, age, hour, shutdown or recovered");
  } else {
    manifest.reason = static_cast<SealReason>(place - kReasonNames.begin());
  }
}

}  // namespace

std::string_view seal_reason_name(SealReason reason) noexcept {
  const auto number = static_cast<std::size_t>(reason);
  return number < kReasonNames.size() ? kReasonNames[number] : std::string_view("unknown");
}

std::string to_json(const Manifest& manifest) {
  nlohmann::ordered_json object;
  object["format_version"] = kFormatVersion;
  object["segment"] = to_text(manifest.segment);
  object["file"] = manifest.file;
  object["lines"] = manifest.lines;
  object["bytes"] = manifest.bytes;
  object["first_sequence"] = manifest.first_sequence;
  object["last_sequence"] = manifest.last_sequence;
  object["xxh3_128"] = manifest.xxh3_128;
  object["reason"] = std::string(seal_reason_name(manifest.reason));
  object["sealed_at"] = manifest.sealed_at;
  object["torn_tail_bytes"] = manifest.torn_tail_bytes;
  object["holes"] = manifest.holes;
  object["hole_bytes"] = manifest.hole_bytes;
  return dump(object);
}

base::Result<Manifest> parse_manifest(std::string_view json) {
  JsonFields fields("manifest", json);
  Manifest manifest;
  read_identity(fields, manifest);
  manifest.lines = fields.unsigned_integer("lines");
  manifest.bytes = fields.unsigned_integer("bytes");
  manifest.first_sequence = fields.unsigned_integer("first_sequence");
  manifest.last_sequence = fields.unsigned_integer("last_sequence");
  if (manifest.last_sequence < manifest.first_sequence) {
    fields.fail("last_sequence", "a number not below first_sequence");
  }
  read_reason(fields, manifest);
  manifest.sealed_at = fields.integer("sealed_at");
  manifest.torn_tail_bytes = fields.unsigned_integer("torn_tail_bytes");
  manifest.holes = fields.unsigned_integer("holes");
  manifest.hole_bytes = fields.unsigned_integer("hole_bytes");
  if (!fields.ok()) return fields.error();
  return manifest;
}

std::string to_json(const BootLedger& ledger) {
  nlohmann::ordered_json object;
  object["format_version"] = kFormatVersion;
  object["node"] = ledger.node;
  object["boot"] = ledger.boot;
  object["lines"] = ledger.lines;
  object["answers"] = ledger.answers;
  object["unlogged"] = ledger.unlogged;
  object["refused"] = ledger.refused;
  object["clean"] = ledger.clean;
  object["events"] = ledger.events;
  object["events_unlogged"] = ledger.events_unlogged;
  return dump(object);
}

base::Result<BootLedger> parse_boot_ledger(std::string_view json) {
  JsonFields fields("boot ledger", json);
  BootLedger ledger;
  ledger.node = static_cast<std::uint16_t>(fields.unsigned_integer("node", UINT16_MAX));
  ledger.boot = static_cast<std::uint32_t>(fields.unsigned_integer("boot", UINT32_MAX));
  ledger.lines = fields.unsigned_integer("lines");
  ledger.answers = fields.unsigned_integer("answers");
  ledger.unlogged = fields.unsigned_integer("unlogged");
  ledger.refused = fields.unsigned_integer("refused");
  ledger.clean = fields.boolean("clean");
  if (fields.has("events")) ledger.events = fields.unsigned_integer("events");
  if (fields.has("events_unlogged")) {
    ledger.events_unlogged = fields.unsigned_integer("events_unlogged");
  }
  if (!fields.ok()) return fields.error();
  return ledger;
}

std::string boot_ledger_file_name(std::uint16_t node, std::uint32_t boot) {
  std::string text;
  append_hex(text, node, 4);
  text += '-';
  append_hex(text, boot, 8);
  return text + std::string(kLedgerSuffix);
}

bool is_boot_ledger_file_name(std::string_view name) {
  if (!name.ends_with(kLedgerSuffix)) return false;
  name.remove_suffix(kLedgerSuffix.size());
  return name.size() == kLedgerStemBytes && name[4] == '-' &&
         parse_hex(name.substr(0, 4)).has_value() && parse_hex(name.substr(5)).has_value();
}

}  // namespace pixel::logfmt
