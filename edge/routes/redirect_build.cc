// SPDX-License-Identifier: Apache-2.0
// What redirects may lead to, from the options. COLD: boot and reload.
#include <algorithm>

#include "edge/routes/redirect.h"

namespace pixel::edge {
namespace {

bool is_label_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

bool is_domain(std::string_view text, std::size_t labels_min) {
  if (text.empty() || text.size() > 253) return false;
  std::size_t labels = 0;
  while (true) {
    const std::string_view label = text.substr(0, text.find('.'));
    if (label.empty() || label.size() > 63) return false;
    if (!std::all_of(label.begin(), label.end(), is_label_byte)) return false;
    ++labels;
    if (label.size() == text.size()) return labels >= labels_min;
    text.remove_prefix(label.size() + 1);
  }
}

bool is_other_port(std::string_view port) {
  const bool is_number = !port.empty() && port.size() <= 5 && port.front() != '0' &&
                         port.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_number) return false;
  unsigned number = 0;
  for (const char c : port) number = number * 10 + static_cast<unsigned>(c - '0');
  return number <= 65'535 && number != 443 && number != 80;
}

}  // namespace

bool is_redirect_host(std::string_view host) noexcept {
  const std::size_t colon = host.find(':');
  if (colon != std::string_view::npos && !is_other_port(host.substr(colon + 1))) return false;
  const std::string_view name = host.substr(0, colon);
  if (!name.starts_with("*.")) return is_domain(name, 1);
  // A last label of digits would make an IPv4 address of what stands before it.
  const std::string_view top = name.substr(name.rfind('.') + 1);
  return is_domain(name.substr(2), 2) &&
         top.find_first_not_of("0123456789") != std::string_view::npos;
}

RedirectRules::RedirectRules(const RouteOptions& options)
    : parameter_(options.target_parameter), allow_http_(options.allow_http) {
  for (std::string host : options.hosts) {
    std::transform(host.begin(), host.end(), host.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    if (host.starts_with("*.")) {
      suffixes_.push_back(host.substr(1));
    } else {
      hosts_.push_back(std::move(host));
    }
  }
}

std::string_view redirect_fault_text(RedirectRules::Fault fault) noexcept {
  switch (fault) {
    case RedirectRules::Fault::kNone:
      return "";
    case RedirectRules::Fault::kNoTarget:
      return "no target";
    case RedirectRules::Fault::kBadTarget:
      return "the target is no absolute URL that may be followed";
    case RedirectRules::Fault::kHostNotAllowed:
      return "the target's host is not on the list";
    case RedirectRules::Fault::kTooLong:
      return "the target is too long";
  }
  return "";
}

}  // namespace pixel::edge
