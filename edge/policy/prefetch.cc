// SPDX-License-Identifier: Apache-2.0
// HOT: see prefetch.h.
#include "edge/policy/prefetch.h"

#include <initializer_list>

#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

bool is_ahead(std::string_view token) noexcept {
  for (const std::string_view word : {"prefetch", "prerender", "preview"}) {
    if (policy_text::equals_ignoring_case(token, word)) return true;
  }
  return false;
}

// A list of tokens, or of items with parameters (RFC 9651): both are told apart by ',' and ';'.
bool names_prefetch(std::string_view value) noexcept {
  while (!value.empty()) {
    const std::size_t end = value.find_first_of(",;");
    if (is_ahead(policy_text::trim(value.substr(0, end)))) return true;
    if (end == std::string_view::npos) return false;
    value.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

bool is_prefetch(const RequestView& request) noexcept {
  if (!request.extra.any()) return false;
  for (const ExtraHeader header : {ExtraHeader::kSecPurpose, ExtraHeader::kPurpose,
                                   ExtraHeader::kXPurpose, ExtraHeader::kXMoz}) {
    if (names_prefetch(request.extra.get(header))) return true;
  }
  return false;
}

}  // namespace pixel::edge
