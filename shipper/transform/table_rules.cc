// SPDX-License-Identifier: Apache-2.0
// See table_rules.h.
#include "shipper/transform/table_rules.h"

#include <algorithm>
#include <utility>

#include "shipper/decode/decoder.h"

namespace pixel::shipper {
namespace {

// One selector at work: decodes the few columns that it looks at into cells of its own.
class SelectorRun {
 public:
  explicit SelectorRun(std::shared_ptr<const Selector> selector)
      : selector_(std::move(selector)), decoder_(selector_->inputs) {
    cells_.resize(selector_->inputs.size());
    pointers_.resize(cells_.size());
  }

  /// Valid until the next call.
  std::span<const Truth> evaluate(const ChunkLines& chunk, std::span<const std::uint32_t> lines) {
    arena_.clear();
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      cells_[i].resize(lines.size());
      pointers_[i] = cells_[i].data();
    }
    decoder_.decode(chunk, lines, pointers_, arena_);
    return selector_->predicate.evaluate(pointers_, lines.size(), scratch_);
  }

  /// Why nobody knows whether the line is wanted; "" where its values are fine.
  std::string doubt(const ChunkLines& chunk, std::uint32_t line, std::size_t place) {
    if (!decoder_.has_failures() || !decoder_.has_failed(place)) return "";
    return decoder_.failure_reason(chunk, line, decoder_.failed_column(place));
  }

 private:
  const std::shared_ptr<const Selector> selector_;
  Decoder decoder_;
  TextArena arena_;
  std::vector<CellColumn> cells_;
  std::vector<Cell*> pointers_;
  Predicate::Scratch scratch_;
};

class TableStage : public RowStage {
 public:
  explicit TableStage(std::shared_ptr<const TableRules> rules) : rules_(std::move(rules)) {
    if (rules_->where != nullptr) where_.emplace(rules_->where);
    for (const RulesBuilder::Claim& claim : rules_->excluded) {
      auto& runs = excluded_.emplace_back();
      for (const auto& selector : claim) runs.emplace_back(selector);
    }
    pointers_.resize(rules_->places.size());
  }

  void select(const ChunkLines& chunk, std::vector<std::uint32_t>& selection,
              std::vector<LineFailure>& failures) override {
    // What another table claimed is none of this one's business, not even its bad values.
    for (std::vector<SelectorRun>& claim : excluded_) exclude(chunk, selection, claim);
    if (!where_ || selection.empty()) return;
    const auto truths = where_->evaluate(chunk, selection);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < selection.size(); ++i) {
      if (truths[i] == Truth::kTrue) {
        selection[kept++] = selection[i];
      } else if (truths[i] == Truth::kUnknown) {
        std::string reason = where_->doubt(chunk, selection[i], i);
        if (!reason.empty()) failures.push_back({selection[i], std::move(reason)});
      }
    }
    selection.resize(kept);
  }

  void change(std::span<Cell* const> cells, std::span<std::uint8_t> keep,
              TextArena& arena) override {
    for (std::size_t i = 0; i < pointers_.size(); ++i) pointers_[i] = cells[rules_->places[i]];
    for (const auto& step : rules_->steps) step->apply(pointers_, keep, arena, scratch_);
  }

 private:
  void exclude(const ChunkLines& chunk, std::vector<std::uint32_t>& selection,
               std::vector<SelectorRun>& claim) {
    claimed_.assign(selection.size(), Truth::kTrue);
    for (SelectorRun& run : claim) {
      const auto truths = run.evaluate(chunk, selection);
      for (std::size_t i = 0; i < selection.size(); ++i) {
        claimed_[i] = std::min(claimed_[i], truths[i]);
      }
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < selection.size(); ++i) {
      if (claimed_[i] != Truth::kTrue) selection[kept++] = selection[i];
    }
    selection.resize(kept);
  }

  const std::shared_ptr<const TableRules> rules_;
  std::optional<SelectorRun> where_;
  std::vector<std::vector<SelectorRun>> excluded_;
  std::vector<Truth> claimed_;
  std::vector<Cell*> pointers_;
  StepScratch scratch_;
};

}  // namespace

std::unique_ptr<RowStage> TableRules::start() const {
  return std::make_unique<TableStage>(shared_from_this());
}

}  // namespace pixel::shipper
