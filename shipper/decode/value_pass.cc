// SPDX-License-Identifier: Apache-2.0
// See value_pass.h.
#include "shipper/decode/value_pass.h"

#include "logfmt/query.h"
#include "shipper/decode/json_text.h"
#include "shipper/decode/text_decode.h"

namespace pixel::shipper {
namespace {

// Short as names are, their first byte tells most of them apart: a call would cost more.
bool is_same_name(std::string_view a, const std::string& b) noexcept {
  if (a.size() != b.size()) return false;
  return a.empty() || (a.front() == b.front() && a == b);
}

bool is_encoded(std::string_view name) noexcept {
  for (const char c : name) {
    if (c == '%' || c == '+') return true;
  }
  return false;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

void ValuePass::add(std::size_t column, const std::string& name) {
  for (Slot& slot : slots_) {
    if (slot.name == name) return slot.columns.push_back(column);
  }
  slots_.push_back({name, {column}, {}});
}

void ValuePass::read(const ChunkLines& chunk, std::size_t line, TextArena& arena) {
  for (Slot& slot : slots_) slot.raw = {};
  if (chunk.kind() == logfmt::SegmentKind::kEvents) {
    const std::string_view query = chunk.event(line).member(EventMember::kQuery);
    if (source_ != ColumnSource::kQuery || !query.starts_with('"')) return;
    return read_query(json_unescape(query.substr(1, query.size() - 2), arena), arena);
  }
  const bool is_query = source_ == ColumnSource::kQuery;
  const std::string_view field =
      chunk.field(line, is_query ? logfmt::Field::kUriQuery : logfmt::Field::kCookie);
  if (field == "-") return;
  const std::string_view text = log_decode(field, mode_, arena);
  is_query ? read_query(text, arena) : read_cookies(text);
}

void ValuePass::read_query(std::string_view query, TextArena& arena) {
  std::size_t wanted = slots_.size();
  logfmt::for_each_query_parameter(query, [&](std::string_view name, std::string_view value) {
    if (wanted == 0) return;
    const std::string_view decoded = is_encoded(name) ? form_decode(name, arena) : name;
    for (Slot& slot : slots_) {
      if (slot.raw.data() != nullptr) continue;
      if (!is_same_name(decoded, slot.name) && !is_same_name(name, slot.name)) continue;
      slot.raw = value.data() == nullptr ? std::string_view("") : value;
      --wanted;
    }
  });
}

// Source: RFC 6265, section 4.2.1; white space around names and values is none of them.
void ValuePass::read_cookies(std::string_view header) {
  while (!header.empty()) {
    const std::size_t semicolon = header.find(';');
    const std::string_view pair = trim(header.substr(0, semicolon));
    header.remove_prefix(semicolon == std::string_view::npos ? header.size() : semicolon + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trim(pair.substr(0, equals));
    std::string_view value = trim(pair.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    for (Slot& slot : slots_) {
      if (slot.raw.data() != nullptr || slot.name != name) continue;
      slot.raw = value.empty() ? std::string_view("") : value;
    }
  }
}

std::string_view ValuePass::decoded(const Slot& slot, TextArena& arena) const {
  const std::string_view value = source_ == ColumnSource::kQuery ? form_decode(slot.raw, arena)
                                                                 : percent_decode(slot.raw, arena);
  return make_valid_text(value, arena);
}

}  // namespace pixel::shipper
