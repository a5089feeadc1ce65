// SPDX-License-Identifier: Apache-2.0
// COLD: builds the automaton of bots.h: a trie of the parts, then, breadth first, each state's
// answer to every byte, and last the rows in an order where those that have found something end.
#include <algorithm>

#include "base/assert.h"
#include "edge/policy/bots.h"
#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

enum class Kind : std::uint8_t { kUnsaid, kFound, kTakenBack };
constexpr std::uint32_t kNone = ~std::uint32_t{0};

struct Node {
  explicit Node(std::size_t columns) : next(columns, kNone) {}
  std::vector<std::uint32_t> next;  // By column.
  std::uint32_t fallback = 0;       // The longest end of this text that is a beginning.
  Kind kind = Kind::kUnsaid;
};

using Columns = std::array<std::uint8_t, 256>;

std::string_view text_of(std::string_view part) {
  return part.starts_with('!') ? part.substr(1) : part;
}

std::size_t number_columns(const std::vector<std::string>& parts, Columns& columns) {
  std::size_t count = 1;
  for (const std::string_view part : parts) {
    for (const char byte : text_of(part)) {
      std::uint8_t& column = columns[static_cast<unsigned char>(policy_text::lower(byte))];
      if (column == 0) column = static_cast<std::uint8_t>(count++);
    }
  }
  for (unsigned byte = 'A'; byte <= 'Z'; ++byte) columns[byte] = columns[byte + 32];
  return count;
}

void add_part(std::vector<Node>& nodes, const Columns& columns, std::string_view part) {
  std::uint32_t at = 0;
  for (const char byte : text_of(part)) {
    const std::uint8_t column = columns[static_cast<unsigned char>(policy_text::lower(byte))];
    if (nodes[at].next[column] == kNone) {
      nodes[at].next[column] = static_cast<std::uint32_t>(nodes.size());
      nodes.emplace_back(nodes[0].next.size());
    }
    at = nodes[at].next[column];
  }
  nodes[at].kind = part.starts_with('!') ? Kind::kTakenBack : Kind::kFound;
}

// Completes one node whose own fallback is known; appends its children.
void complete_node(std::vector<Node>& nodes, std::uint32_t index,
                   std::vector<std::uint32_t>& order) {
  for (std::size_t column = 0; column < nodes[index].next.size(); ++column) {
    std::uint32_t& next = nodes[index].next[column];
    const std::uint32_t fallback = index == 0 ? 0 : nodes[nodes[index].fallback].next[column];
    if (next == kNone) {
      next = fallback;
      continue;
    }
    nodes[next].fallback = fallback;
    if (nodes[next].kind == Kind::kUnsaid) nodes[next].kind = nodes[fallback].kind;
    order.push_back(next);
  }
}

}  // namespace

BotMatcher::BotMatcher(const std::vector<std::string>& parts) {
  if (parts.empty()) return;
  const std::size_t columns = number_columns(parts, column_);
  CHECK(columns <= 256);
  std::vector<Node> nodes(1, Node(columns));
  for (const std::string_view part : parts) {
    CHECK(!text_of(part).empty() && part.size() <= kAgentPartBytesMax);
    add_part(nodes, column_, part);
    context_bytes_ = std::max(context_bytes_, text_of(part).size() - 1);
  }
  std::vector<std::uint32_t> order{0};
  for (std::size_t i = 0; i < order.size(); ++i) complete_node(nodes, order[i], order);

  std::stable_partition(order.begin(), order.end(),
                        [&](std::uint32_t index) { return nodes[index].kind != Kind::kFound; });
  std::vector<std::uint32_t> row(nodes.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    row[order[i]] = static_cast<std::uint32_t>(i * columns);
    if (nodes[order[i]].kind != Kind::kFound)
      found_ = static_cast<std::uint32_t>((i + 1) * columns);
  }
  next_.reserve(nodes.size() * columns);
  for (const std::uint32_t index : order) {
    for (const std::uint32_t next : nodes[index].next) next_.push_back(row[next]);
  }
}

}  // namespace pixel::edge
