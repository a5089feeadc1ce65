// SPDX-License-Identifier: Apache-2.0
// Target forms and hosts. HOT by thread (is_valid_host runs once a request); pure.
#include "edge/http/target.h"

#include "edge/http/byte_class.h"

namespace pixel::edge {
namespace {

bool is_port(std::string_view text) noexcept {
  return text.empty() || (text.front() == ':' && all_have_class(text.substr(1), kDigitByte));
}

// What follows "http://" or "https://", or nothing.
std::string_view without_scheme(std::string_view text) noexcept {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignoring_case(text.substr(0, scheme.size()), scheme)) {
      return text.substr(scheme.size());
    }
  }
  return {};
}

bool resolve_absolute_form(RequestView& request) noexcept {
  const std::string_view rest = without_scheme(request.path);
  const std::string_view host = rest.substr(0, rest.find('/'));
  // RFC 9110 section 4.2.1: an http URI with an empty host is invalid.
  if (host.empty() || host.front() == ':' || !is_valid_host(host)) return false;
  request.host = host;
  // The '/' of an empty path is the last one of "//": views point into the connection's bytes.
  request.path =
      host.size() < rest.size() ? rest.substr(host.size()) : std::string_view(rest.data() - 1, 1);
  return true;
}

// Also an empty one: a view that was taken points somewhere.
bool has_query(const RequestView& request) noexcept { return request.query.data() != nullptr; }

// RFC 9112 section 3.2.3: uri-host ":" port, where neither is empty.
bool is_authority_form(std::string_view text) noexcept {
  const std::size_t colon = text.rfind(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() &&
         all_have_class(text.substr(colon + 1), kDigitByte) && is_valid_host(text);
}

}  // namespace

bool resolve_target_form(RequestView& request) noexcept {
  if (request.method_text == "CONNECT") {
    return !has_query(request) && is_authority_form(request.path);
  }
  if (request.path.starts_with('/')) return true;
  if (request.path == "*") return request.method_text == "OPTIONS" && !has_query(request);
  return resolve_absolute_form(request);
}

bool is_valid_host(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    return all_have_class(text.substr(1, end - 1), kLiteralByte) && is_port(text.substr(end + 1));
  }
  const std::size_t end = count_leading(text, kHostByte);
  return end == text.size() || is_port(text.substr(end));
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    const bool capital = byte >= 'A' && byte <= 'Z';
    if ((capital ? static_cast<char>(byte | 0x20) : byte) != lower_case[i]) return false;
  }
  return true;
}

}  // namespace pixel::edge
