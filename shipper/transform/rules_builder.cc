// SPDX-License-Identifier: Apache-2.0
// See rules_builder.h. COLD.
#include "shipper/transform/rules_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/config_reader.h"
#include "base/hash.h"
#include "shipper/decode/columns.h"
#include "shipper/transform/table_rules.h"

namespace pixel::shipper {
namespace {

std::string typed(std::string_view name, ColumnType type) {
  return fmt::format("'{}' is {} {}", name,
                     type == ColumnType::kInteger || type == ColumnType::kInet ? "an" : "a",
                     column_type_name(type));
}

}  // namespace

// The columns as the transforms so far left them, and what a line has by itself: that is decoded
// for the rules alone.
class RulesBuilder::SlotNames : public Names {
 public:
  explicit SlotNames(RulesBuilder& builder) : builder_(builder) {}

  std::optional<NamedCells> find(std::string_view name) override {
    if (const Slot* slot = builder_.find(name)) {
      return NamedCells{builder_.used(*slot), slot->type};
    }
    auto raw = raw_column(builder_.source_, builder_.mode_, name);
    if (!raw) return std::nullopt;
    const ColumnType type = raw->type;
    builder_.inputs_.push_back(std::move(*raw));
    builder_.used_.insert(builder_.inputs_.size() - 1);
    return NamedCells{builder_.inputs_.size() - 1, type};
  }
  std::vector<std::string> known() const override {
    std::vector<std::string> names;
    for (const Slot& slot : builder_.slots_) names.push_back(slot.name);
    for (const ColumnSpec& column : source_columns(builder_.source_)) names.push_back(column.name);
    return names;
  }

 private:
  RulesBuilder& builder_;
};

RulesBuilder::RulesBuilder(logfmt::SegmentKind source, DecodeMode mode,
                           std::vector<ColumnSpec> columns)
    : source_(source), mode_(mode), columns_(std::move(columns)), inputs_(columns_) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    slots_.push_back({columns_[i].name, columns_[i].type, i});
  }
}

base::Result<std::shared_ptr<const Selector>, ExpressionError> RulesBuilder::select(
    std::string_view text) {
  SourceNames names(source_, mode_, columns_);
  auto predicate = Predicate::compile(text, names);
  if (!predicate) return predicate.error();
  return std::shared_ptr<const Selector>(std::make_shared<Selector>(
      Selector{std::move(predicate).value(), names.take_inputs(), std::string(text)}));
}

RulesBuilder::ExpressionFault RulesBuilder::where(std::string_view text) {
  auto selector = select(text);
  if (!selector) return selector.error();
  where_ = std::move(selector).value();
  return std::nullopt;
}

RulesBuilder::ExpressionFault RulesBuilder::route(std::string_view text) {
  auto selector = select(text);
  if (!selector) return selector.error();
  routes_.push_back(std::move(selector).value());
  return std::nullopt;
}

std::vector<RulesBuilder::Claim> RulesBuilder::claims() const {
  std::vector<Claim> claims;
  if (is_exclusive_) claims.push_back({});
  for (const auto& route : routes_) claims.push_back({route});
  for (Claim& claim : claims) {
    if (where_ != nullptr) claim.push_back(where_);
  }
  return claims;
}

RulesBuilder::Slot* RulesBuilder::find(std::string_view name) {
  const auto found = std::find_if(slots_.begin(), slots_.end(),
                                  [name](const Slot& slot) { return slot.name == name; });
  return found == slots_.end() ? nullptr : &*found;
}

std::size_t RulesBuilder::used(const Slot& slot) {
  used_.insert(slot.input);
  return slot.input;
}

RulesBuilder::Fault RulesBuilder::unknown(std::string_view name) {
  std::vector<std::string> names;
  for (const Slot& slot : slots_) names.push_back(slot.name);
  const std::string nearest = base::nearest_word(name, names);
  return fmt::format(
      "the table has no column '{}' here{}", name,
      nearest.empty() ? std::string() : fmt::format("; did you mean '{}'?", nearest));
}

RulesBuilder::Fault RulesBuilder::check_changeable(const Slot& slot) const {
  const ColumnSource source = inputs_[slot.input].source;
  if (source != ColumnSource::kSegment && source != ColumnSource::kOffset) return std::nullopt;
  return fmt::format("'{}' says where a row comes from and stays as it is", slot.name);
}

RulesBuilder::ExpressionFault RulesBuilder::filter(std::string_view text) {
  SlotNames names(*this);
  auto predicate = Predicate::compile(text, names);
  if (!predicate) return predicate.error();
  steps_.push_back(make_filter(std::move(predicate).value()));
  description_ += fmt::format("filter {}\n", text);
  return std::nullopt;
}

RulesBuilder::Fault RulesBuilder::rename(std::string_view from, std::string_view to) {
  Slot* const slot = find(from);
  if (slot == nullptr) return unknown(from);
  if (!is_column_name(to)) {
    return fmt::format("'{}' is no column name: lower case letters, digits and '_'", to);
  }
  if (find(to) != nullptr) return fmt::format("the table has a column '{}' already", to);
  slot->name = to;
  return std::nullopt;
}

RulesBuilder::Fault RulesBuilder::drop(std::string_view name) {
  Slot* const slot = find(name);
  if (slot == nullptr) return unknown(name);
  if (auto fault = check_changeable(*slot)) return fault;
  if (slots_.size() == 1) return "a table needs a column";
  slots_.erase(slots_.begin() + (slot - slots_.data()));
  return std::nullopt;
}

RulesBuilder::Fault RulesBuilder::hash(std::string_view name, std::string key) {
  Slot* const slot = find(name);
  if (slot == nullptr) return unknown(name);
  if (auto fault = check_changeable(*slot)) return fault;
  if (!is_text(slot->type) && slot->type != ColumnType::kInteger) {
    return typed(name, slot->type) + "; texts and integers can be hashed";
  }
  description_ += fmt::format("hash {} {:x}\n", slot->input, base::hash64(key));
  steps_.push_back(make_hash(used(*slot), slot->type, std::move(key)));
  slot->type = ColumnType::kVarchar;
  return std::nullopt;
}

RulesBuilder::Fault RulesBuilder::mask_address(std::string_view name, unsigned ipv4_bits,
                                               unsigned ipv6_bits) {
  Slot* const slot = find(name);
  if (slot == nullptr) return unknown(name);
  if (auto fault = check_changeable(*slot)) return fault;
  if (slot->type != ColumnType::kVarchar && slot->type != ColumnType::kInet) {
    return typed(name, slot->type) + "; addresses are an inet or a varchar";
  }
  steps_.push_back(make_address_mask(used(*slot), ipv4_bits, ipv6_bits));
  description_ += fmt::format("mask {} {} {}\n", slot->input, ipv4_bits, ipv6_bits);
  return std::nullopt;
}

RulesBuilder::Fault RulesBuilder::mask_text(std::string_view name, std::size_t keep_first,
                                            std::size_t keep_last) {
  Slot* const slot = find(name);
  if (slot == nullptr) return unknown(name);
  if (auto fault = check_changeable(*slot)) return fault;
  if (!is_text(slot->type)) return typed(name, slot->type) + "; only texts have characters";
  steps_.push_back(make_text_mask(used(*slot), keep_first, keep_last));
  description_ += fmt::format("keep {} {} {}\n", slot->input, keep_first, keep_last);
  slot->type = ColumnType::kVarchar;
  return std::nullopt;
}

RulesBuilder::Fault RulesBuilder::flatten(std::string_view name) {
  Slot* const slot = find(name);
  if (slot == nullptr) return unknown(name);
  if (slot->type != ColumnType::kJson) return typed(name, slot->type) + "; only json can be flat";
  steps_.push_back(make_flatten(used(*slot)));
  description_ += fmt::format("flatten {}\n", slot->input);
  return std::nullopt;
}

RulesBuilder::Fault RulesBuilder::sample(std::string_view name, double rate) {
  SlotNames names(*this);
  const auto cells = names.find(name);
  if (!cells) return names.unknown(name);
  if (!is_text(cells->type) && cells->type != ColumnType::kInteger) {
    return typed(name, cells->type) + "; rows are drawn by a text or an integer";
  }
  steps_.push_back(make_sample(cells->input, cells->type, rate));
  description_ += fmt::format("sample {} {}\n", name, rate);
  return std::nullopt;
}

std::string RulesBuilder::describe_all(const std::vector<ColumnSpec>& decoded) const {
  std::string text;
  const auto add = [&text](const char* what, const Selector& selector) {
    text += fmt::format("{} {}\n", what, selector.text);
    for (const ColumnSpec& column : selector.inputs) text += describe(column);
  };
  if (where_ != nullptr) add("where", *where_);
  for (const Claim& claim : excluded_) {
    text += "not\n";
    for (const auto& selector : claim) add("and", *selector);
  }
  for (const ColumnSpec& column : decoded) text += describe(column);
  return text + description_;
}

void RulesBuilder::finish(TableSpec& table) {
  table.columns.clear();
  auto rules = std::make_shared<TableRules>();
  constexpr std::size_t nowhere = SIZE_MAX;
  rules->places.assign(inputs_.size(), nowhere);
  for (const Slot& slot : slots_) {
    ColumnSpec column = inputs_[slot.input];
    rules->places[slot.input] = rules->decoded.size();
    rules->decoded.push_back(column);
    column.name = slot.name;
    column.type = slot.type;
    table.columns.push_back(std::move(column));
  }
  // Of dropped columns only those are decoded that a step looks at.
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (rules->places[i] != nowhere) continue;
    rules->places[i] = used_.contains(i) ? rules->decoded.size() : 0;
    if (used_.contains(i)) rules->decoded.push_back(inputs_[i]);
  }
  const bool has_rules = where_ != nullptr || !excluded_.empty() || !steps_.empty() ||
                         rules->decoded.size() > table.columns.size();
  if (!has_rules) return;
  rules->what_they_do = describe_all(rules->decoded);
  rules->where = where_;
  rules->excluded = std::move(excluded_);
  rules->steps = std::move(steps_);
  table.rules = std::move(rules);
}

}  // namespace pixel::shipper
