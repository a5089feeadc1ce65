// SPDX-License-Identifier: Apache-2.0
// HOT: see visitor.h.
#include "edge/policy/visitor.h"

#include "edge/policy/cookies.h"
#include "edge/policy/origin_host.h"
#include "edge/policy/query_names.h"
#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

std::string_view view_of(const char* begin, const char* end) noexcept {
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::string_view id_of_query(std::string_view query, std::string_view parameter) noexcept {
  while (!query.empty()) {
    const auto value = value_if_named(take_query_part(query), parameter);
    if (value && is_visitor_id(*value)) return *value;
  }
  return {};
}

// Empty: there is none.
std::string_view carried_id(const RequestView& request, const VisitorRules& rules) noexcept {
  if (!rules.id_parameter.empty()) {
    const std::string_view id = id_of_query(request.query, rules.id_parameter);
    if (!id.empty()) return id;
  }
  const auto cookie = find_cookie(request.cookie, rules.cookie_name);
  return cookie && is_visitor_id(*cookie) ? *cookie : std::string_view{};
}

}  // namespace

KeptVisitor keep_visitor(const RequestView& request, const VisitorRules& rules,
                         std::int64_t unix_seconds, VisitorScratch& scratch) noexcept {
  KeptVisitor kept;
  kept.id = carried_id(request, rules);
  if (kept.id.empty()) {
    scratch.ids.write_next(scratch.id.data());
    kept.id = {scratch.id.data(), scratch.id.size()};
  }
  char* out = policy_text::append(scratch.pair.data(), rules.cookie_name);
  *out++ = '=';
  kept.pair = view_of(scratch.pair.data(), policy_text::append(out, kept.id));

  const std::size_t end = find_domain(origin_host(request), rules.domains);
  const std::string_view expires = scratch.expires.at(unix_seconds + rules.lifetime_seconds);
  out = write_cookie(rules.cookie, kept.id, expires, end, scratch.headers.data());
  if (!rules.readable_name.empty()) {
    out = write_cookie(rules.readable_cookie, kept.id, expires, end, out);
  }
  kept.headers = view_of(scratch.headers.data(), out);
  return kept;
}

std::string_view forget_visitor(const RequestView& request, const VisitorRules& rules,
                                VisitorScratch& scratch) noexcept {
  const std::size_t end = find_domain(origin_host(request), rules.domains);
  char* out = scratch.headers.data();
  if (has_cookie(request.cookie, rules.cookie_name)) {
    out = write_expired_cookie(rules.cookie, end, out);
  }
  if (!rules.readable_name.empty() && has_cookie(request.cookie, rules.readable_name)) {
    out = write_expired_cookie(rules.readable_cookie, end, out);
  }
  return view_of(scratch.headers.data(), out);
}

}  // namespace pixel::edge
