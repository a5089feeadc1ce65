// SPDX-License-Identifier: Apache-2.0
// HOT: see origin_host.h.
#include "edge/policy/origin_host.h"

#include "edge/policy/text.h"

namespace pixel::edge {

std::string_view host_of_url(std::string_view url) noexcept {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return {};
  if (url.find_first_of("/?#\\") != scheme + 1) return {};  // A path that holds a URL.
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#\\"));
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    host.remove_prefix(at + 1);
  }
  if (host.starts_with('[')) return {};
  host = host.substr(0, host.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

std::string_view origin_host(const RequestView& request) noexcept {
  const std::string_view host = host_of_url(request.extra.get(ExtraHeader::kOrigin));
  return host.empty() ? host_of_url(request.referer) : host;
}

bool is_within_domain(std::string_view host, std::string_view domain) noexcept {
  if (host.size() < domain.size()) return false;
  const std::size_t above = host.size() - domain.size();
  if (above > 0 && host[above - 1] != '.') return false;
  return policy_text::equals_ignoring_case(host.substr(above), domain);
}

std::size_t find_domain(std::string_view host, const DomainNames& domains) noexcept {
  std::size_t index = 0;
  while (index < domains.size() && !is_within_domain(host, domains[index])) ++index;
  return index;
}

}  // namespace pixel::edge
