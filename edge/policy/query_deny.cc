// SPDX-License-Identifier: Apache-2.0
// HOT: see query_deny.h.
#include "edge/policy/query_deny.h"

#include "edge/policy/query_names.h"
#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

constexpr std::string_view kHidden = "-";

}  // namespace

bool QueryDeny::is_denied(std::string_view raw_name, std::string_view also) const noexcept {
  for (const std::string_view name : names_) {
    if (names_parameter(raw_name, name)) return true;
  }
  return !also.empty() && names_parameter(raw_name, also);
}

bool QueryDeny::hides_any(std::string_view query, std::string_view also) const noexcept {
  while (!query.empty()) {
    const QueryPart part = take_query_part(query);
    if (!part.value.empty() && is_denied(part.name, also)) return true;
  }
  return false;
}

char* QueryDeny::write_hidden(std::string_view query, std::string_view also,
                              char* out) const noexcept {
  while (!query.empty()) {
    const std::size_t before_bytes = query.size();
    const QueryPart part = take_query_part(query);
    if (!part.value.empty() && is_denied(part.name, also)) {
      out = policy_text::append(out, part.name);
      *out++ = '=';
      out = policy_text::append(out, kHidden);
    } else {
      out = policy_text::append(out, part.text);
    }
    if (before_bytes - query.size() > part.text.size()) *out++ = '&';
  }
  return out;
}

std::string_view QueryDeny::hide(std::string_view query, std::string_view also,
                                 std::span<char> scratch) const noexcept {
  if (!hides_any(query, also)) return query;
  if (query.size() > scratch.size()) return kHidden;
  const char* const end = write_hidden(query, also, scratch.data());
  return {scratch.data(), static_cast<std::size_t>(end - scratch.data())};
}

std::string_view QueryDeny::hide_in_url(std::string_view url,
                                        std::span<char> scratch) const noexcept {
  const std::size_t fragment = std::min(url.find('#'), url.size());
  const std::size_t mark = url.substr(0, fragment).find('?');
  if (mark == std::string_view::npos) return url;
  const std::string_view query = url.substr(mark + 1, fragment - mark - 1);
  if (!hides_any(query, {})) return url;
  if (url.size() > scratch.size()) return kHidden;
  char* out = policy_text::append(scratch.data(), url.substr(0, mark + 1));
  out = write_hidden(query, {}, out);
  out = policy_text::append(out, url.substr(fragment));
  return {scratch.data(), static_cast<std::size_t>(out - scratch.data())};
}

}  // namespace pixel::edge
