// SPDX-License-Identifier: Apache-2.0
// See predicate.h: evaluation. Each node is one loop over the rows; what it compares is decided
// before the loop.
#include "shipper/transform/predicate.h"

#include <algorithm>
#include <compare>

namespace pixel::shipper {
namespace {

Truth truth(bool flag) noexcept { return flag ? Truth::kTrue : Truth::kFalse; }

bool holds(Operator op, std::partial_ordering order) noexcept {
  switch (op) {
    case Operator::kEqual:
      return order == 0;
    case Operator::kNotEqual:
      return order != 0;
    case Operator::kLess:
      return order < 0;
    case Operator::kLessEqual:
      return order <= 0;
    case Operator::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t next_character(std::string_view text, std::size_t at) noexcept {
  ++at;
  while (at < text.size() && is_continuation(text[at])) ++at;
  return at;
}

// `get(row)` gives a value; null cells are unknown.
template <class Left, class Right>
void compare_rows(Operator op, std::size_t count, std::vector<Truth>& out, Left left, Right right) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto a = left(i);
    const auto b = right(i);
    if (!a.first || !b.first) {
      out[i] = Truth::kUnknown;
    } else {
      out[i] = truth(holds(op, a.second <=> b.second));
    }
  }
}

}  // namespace

bool matches_pattern(std::string_view text, std::string_view pattern, char any, char one) noexcept {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;  // The last `any`, and where its text ends so far.
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == any) {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == one) {
      t = next_character(text, t);
      ++p;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++t;
      ++p;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == any) ++p;
  return p == pattern.size();
}

std::span<const Truth> Predicate::evaluate(std::span<const Cell* const> cells, std::size_t count,
                                           Scratch& scratch) const {
  if (scratch.results.size() < nodes_.size()) scratch.results.resize(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    scratch.results[i].resize(count);
    evaluate_node(nodes_[i], cells, count, scratch, scratch.results[i]);
  }
  return {scratch.results[nodes_.size() - 1].data(), count};
}

void Predicate::evaluate_node(const Node& node, Cells cells, std::size_t count, Scratch& scratch,
                              std::vector<Truth>& out) const {
  switch (node.op) {
    case Operator::kAnd:
    case Operator::kOr:
    case Operator::kNot:
      return combine(node, count, scratch, out);
    case Operator::kIn:
      return test_in(node, cells, count, out);
    case Operator::kLike:
    case Operator::kGlob:
    case Operator::kStartsWith:
    case Operator::kEndsWith:
    case Operator::kContains:
      return test_pattern(node, cells, count, out);
    case Operator::kIsNull: {
      const Cell* const column = cells[node.left.input];
      for (std::size_t i = 0; i < count; ++i) out[i] = truth(column[i].null);
      return;
    }
    case Operator::kIsTrue: {
      if (!node.left.is_cells) return std::fill(out.begin(), out.end(), truth(node.left.integer));
      const Cell* const column = cells[node.left.input];
      for (std::size_t i = 0; i < count; ++i) {
        out[i] = column[i].null ? Truth::kUnknown : truth(column[i].integer != 0);
      }
      return;
    }
    default:
      return compare(node, cells, count, out);
  }
}

void Predicate::combine(const Node& node, std::size_t count, Scratch& scratch,
                        std::vector<Truth>& out) {
  const std::vector<Truth>& first = scratch.results[node.children[0]];
  if (node.op == Operator::kNot) {
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = static_cast<Truth>(2 - static_cast<int>(first[i]));
    }
    return;
  }
  std::copy_n(first.begin(), count, out.begin());
  for (std::size_t child = 1; child < node.children.size(); ++child) {
    const std::vector<Truth>& next = scratch.results[node.children[child]];
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = node.op == Operator::kAnd ? std::min(out[i], next[i]) : std::max(out[i], next[i]);
    }
  }
}

void Predicate::compare(const Node& node, Cells cells, std::size_t count, std::vector<Truth>& out) {
  const auto text_of = [&cells](const Side& side) {
    const Cell* const column = side.is_cells ? cells[side.input] : nullptr;
    return [column, &side](std::size_t i) -> std::pair<bool, std::string_view> {
      if (column == nullptr) return {true, side.text};
      return {!column[i].null, column[i].null ? std::string_view() : column[i].text()};
    };
  };
  const auto integer_of = [&cells](const Side& side) {
    const Cell* const column = side.is_cells ? cells[side.input] : nullptr;
    return [column, &side](std::size_t i) -> std::pair<bool, std::int64_t> {
      if (column == nullptr) return {true, side.integer};
      return {!column[i].null, column[i].integer};
    };
  };
  const auto real_of = [&cells](const Side& side) {
    const Cell* const column = side.is_cells ? cells[side.input] : nullptr;
    return [column, &side](std::size_t i) -> std::pair<bool, double> {
      if (column == nullptr) return {true, side.real};
      return {!column[i].null,
              side.is_integer_cells ? static_cast<double>(column[i].integer) : column[i].real};
    };
  };
  if (node.domain == Domain::kText) {
    compare_rows(node.op, count, out, text_of(node.left), text_of(node.right));
  } else if (node.domain == Domain::kInteger) {
    compare_rows(node.op, count, out, integer_of(node.left), integer_of(node.right));
  } else {
    compare_rows(node.op, count, out, real_of(node.left), real_of(node.right));
  }
}

void Predicate::test_in(const Node& node, Cells cells, std::size_t count, std::vector<Truth>& out) {
  const Cell* const column = cells[node.left.input];
  for (std::size_t i = 0; i < count; ++i) {
    const Cell& cell = column[i];
    bool found = false;
    if (cell.null) {
      out[i] = Truth::kUnknown;
      continue;
    }
    if (node.domain == Domain::kText) {
      found = std::binary_search(node.texts.begin(), node.texts.end(), cell.text(), std::less<>());
    } else if (node.domain == Domain::kInteger) {
      found = std::binary_search(node.integers.begin(), node.integers.end(), cell.integer);
    } else {
      const double value =
          node.left.is_integer_cells ? static_cast<double>(cell.integer) : cell.real;
      found = std::binary_search(node.reals.begin(), node.reals.end(), value);
    }
    out[i] = truth(found);
  }
}

void Predicate::test_pattern(const Node& node, Cells cells, std::size_t count,
                             std::vector<Truth>& out) {
  const Cell* const column = cells[node.left.input];
  const std::string_view wanted = node.right.text;
  const auto test = [&](auto matches) {
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = column[i].null ? Truth::kUnknown : truth(matches(column[i].text()));
    }
  };
  switch (node.op) {
    case Operator::kStartsWith:
      return test([wanted](std::string_view text) { return text.starts_with(wanted); });
    case Operator::kEndsWith:
      return test([wanted](std::string_view text) { return text.ends_with(wanted); });
    case Operator::kContains:
      return test(
          [wanted](std::string_view text) { return text.find(wanted) != std::string_view::npos; });
    case Operator::kLike:
      return test(
          [wanted](std::string_view text) { return matches_pattern(text, wanted, '%', '_'); });
    default:
      return test(
          [wanted](std::string_view text) { return matches_pattern(text, wanted, '*', '?'); });
  }
}

}  // namespace pixel::shipper
