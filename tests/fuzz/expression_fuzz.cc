// SPDX-License-Identifier: Apache-2.0
// Any text as an expression: a predicate that evaluates, or an error at a byte of the text; never a
// crash. Any text as JSON: what is valid can be walked, and stays valid when it is made flat.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "shipper/decode/columns.h"
#include "shipper/decode/convert.h"
#include "shipper/decode/json_text.h"
#include "shipper/transform/predicate.h"
#include "shipper/transform/row_step.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kRows = 3;

void check_expression(std::string_view text) {
  const std::vector<ColumnSpec> columns = standard_columns({parameter_column("a")});
  SourceNames names(logfmt::SegmentKind::kAccess, DecodeMode::kOnce, columns);
  const auto predicate = Predicate::compile(text, names);
  if (!predicate) {
    CHECK(predicate.error().offset <= text.size());
    CHECK(!predicate.error().message.empty());
    return;
  }
  // Of every column NULL, nothing or zero, and something.
  std::vector<std::array<Cell, kRows>> cells;
  std::vector<const Cell*> pointers;
  const std::vector<ColumnSpec> inputs = names.take_inputs();
  cells.resize(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::size_t row = 1; row < kRows; ++row) {
      if (is_text(inputs[i].type)) {
        set_text(cells[i][row], row == 1 ? std::string_view("") : text);
      } else {
        set_integer(cells[i][row], row == 1 ? 0 : 1);
      }
    }
    pointers.push_back(cells[i].data());
  }
  Predicate::Scratch scratch;
  for (const Truth truth : predicate->evaluate(pointers, kRows, scratch)) {
    CHECK(truth <= Truth::kTrue);
  }
}

void check_json(std::string_view text) {
  TextArena arena;
  if (const auto path = parse_json_path(text); path && is_json(text)) {
    (void)find_json(text, *path, arena);
  }
  if (!is_json(text)) return;
  Cell cell;
  set_text(cell, trim_json(text));
  Cell* const column = &cell;
  std::uint8_t keep = 1;
  StepScratch scratch;
  make_flatten(0)->apply({&column, 1}, {&keep, 1}, arena, scratch);
  CHECK(is_json(cell.text()));
}

}  // namespace
}  // namespace pixel::shipper

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  pixel::shipper::check_expression(text);
  pixel::shipper::check_json(text);
  return 0;
}
