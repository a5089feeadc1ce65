// SPDX-License-Identifier: Apache-2.0
// COLD: the rules of visitor.h and the pieces of set_cookie.h, from [visitor]. What a browser would
// refuse without a word is an error here.
#include <fmt/format.h>

#include <algorithm>

#include "edge/policy/option_checks.h"
#include "edge/policy/text.h"
#include "edge/policy/visitor.h"

namespace pixel::edge {
namespace {

std::string_view same_site_word(SameSite same_site) {
  switch (same_site) {
    case SameSite::kNone:
      return "None";
    case SameSite::kLax:
      return "Lax";
    case SameSite::kStrict:
      return "Strict";
  }
  return "Lax";
}

std::string make_end(const PolicyOptions& options, std::string_view domain, bool http_only) {
  std::string end;
  if (!domain.empty()) end += fmt::format("; Domain={}", domain);
  end += "; Path=/";
  if (options.secure) end += "; Secure";
  if (http_only) end += "; HttpOnly";
  return end + fmt::format("; SameSite={}\r\n", same_site_word(options.same_site));
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), policy_text::lower);
  return lower;
}

bool is_domain(std::string_view domain) {
  if (domain.empty() || domain.size() > kDomainBytesMax) return false;
  if (domain.front() == '.' || domain.back() == '.') return false;
  if (domain.find("..") != std::string_view::npos) return false;
  // Names only: a Domain that is an address is refused by browsers.
  const bool has_letter = std::any_of(domain.begin(), domain.end(), [](char byte) {
    return policy_text::lower(byte) >= 'a' && byte <= 'z';
  });
  return has_letter && std::all_of(domain.begin(), domain.end(), [](char byte) {
           const char lower = policy_text::lower(byte);
           return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
                  byte == '.';
         });
}

// The promises that a name's prefix makes (RFC 6265bis section 4.1.3): browsers hold us to them.
base::Status check_prefix(const PolicyOptions& options, std::string_view key,
                          std::string_view name) {
  const bool host = lower_case(name).starts_with("__host-");
  const bool secure = lower_case(name).starts_with("__secure-");
  if ((host || secure) && !options.secure) {
    return option_error(key, "\"{}\" needs visitor.secure = true", name);
  }
  if (host && (!options.cookie_domains.empty() || !options.fallback_domain.empty())) {
    return option_error(key, "\"{}\" cannot be had with a domain", name);
  }
  return base::ok_status();
}

base::Status check_name(const PolicyOptions& options, std::string_view key, std::string_view name) {
  if (name.size() > kCookieNameBytesMax || !is_cookie_name(name)) {
    return option_error(key, "expected a cookie's name of 1 to 64 bytes, found \"{}\"", name);
  }
  return check_prefix(options, key, name);
}

base::Status check_names(const PolicyOptions& options) {
  if (auto status = check_name(options, "visitor.cookie", options.cookie_name); !status) {
    return status;
  }
  const std::string_view readable = options.readable_cookie_name;
  if (readable.empty()) return base::ok_status();
  if (readable == options.cookie_name) {
    return option_error("visitor.readable_cookie", "expected a name other than visitor.cookie's");
  }
  return check_name(options, "visitor.readable_cookie", readable);
}

base::Status check_domains(const PolicyOptions& options) {
  for (const std::string& domain : options.cookie_domains) {
    if (is_domain(domain)) continue;
    return option_error("visitor.domains", "expected names like \"example.com\", found \"{}\"",
                        domain);
  }
  if (!options.fallback_domain.empty() && !is_domain(options.fallback_domain)) {
    return option_error("visitor.fallback_domain",
                        "expected a name like \"example.com\", found \"{}\"",
                        options.fallback_domain);
  }
  return base::ok_status();
}

base::Status check_visitor(const PolicyOptions& options) {
  if (auto status = check_names(options); !status) return status;
  if (auto status = check_domains(options); !status) return status;
  if (options.same_site == SameSite::kNone && !options.secure) {
    return option_error("visitor.same_site",
                        "\"none\" needs visitor.secure = true: browsers refuse the cookie else");
  }
  if (options.lifetime_ns < base::kSecondNs) {
    return option_error("visitor.lifetime", "expected at least 1s");
  }
  return base::ok_status();
}

}  // namespace

CookieLine make_cookie_line(const PolicyOptions& options, std::string_view name, bool http_only) {
  CookieLine line;
  line.begin = fmt::format("Set-Cookie: {}=", name);
  line.life = fmt::format("; Max-Age={}; Expires=", options.lifetime_ns / base::kSecondNs);
  for (const std::string& domain : options.cookie_domains) {
    line.ends.push_back(make_end(options, lower_case(domain), http_only));
  }
  line.ends.push_back(make_end(options, lower_case(options.fallback_domain), http_only));
  return line;
}

base::Result<VisitorRules> make_visitor_rules(const PolicyOptions& options) {
  if (auto status = check_visitor(options); !status) return status.error();
  VisitorRules rules;
  rules.cookie_name = options.cookie_name;
  rules.readable_name = options.readable_cookie_name;
  rules.id_parameter = options.id_parameter;
  rules.lifetime_seconds = static_cast<std::int64_t>(options.lifetime_ns / base::kSecondNs);
  for (const std::string& domain : options.cookie_domains) {
    rules.domains.push_back(lower_case(domain));
  }
  rules.cookie = make_cookie_line(options, options.cookie_name, options.http_only);
  rules.readable_cookie = make_cookie_line(options, options.readable_cookie_name, false);
  return rules;
}

}  // namespace pixel::edge
