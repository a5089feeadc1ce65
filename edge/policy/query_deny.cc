// SPDX-License-Identifier: Apache-2.0
// HOT: see query_deny.h.
#include "edge/policy/query_deny.h"

#include "edge/policy/query_names.h"
#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

constexpr std::string_view kHidden = "-";

}  // namespace

// What is to be hidden of a part; empty: nothing.
std::string_view QueryDeny::denied_value(std::string_view part,
                                         std::string_view also) const noexcept {
  for (const std::string_view name : names_) {
    if (const auto value = value_if_named(part, name)) return *value;
  }
  if (also.empty()) return {};
  return value_if_named(part, also).value_or(std::string_view{});
}

bool QueryDeny::hides_any(std::string_view query, std::string_view also) const noexcept {
  if (names_.empty() && also.empty()) return false;
  while (!query.empty()) {
    if (!denied_value(take_query_part(query), also).empty()) return true;
  }
  return false;
}

char* QueryDeny::write_hidden(std::string_view query, std::string_view also,
                              char* out) const noexcept {
  while (!query.empty()) {
    const std::size_t before_bytes = query.size();
    std::string_view part = take_query_part(query);
    const bool has_more = before_bytes - query.size() > part.size();  // A '&' was taken too.
    const std::string_view denied = denied_value(part, also);
    part.remove_suffix(denied.size());
    out = policy_text::append(out, part);
    if (!denied.empty()) out = policy_text::append(out, kHidden);
    if (has_more) *out++ = '&';
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
