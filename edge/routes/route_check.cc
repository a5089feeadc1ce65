// SPDX-License-Identifier: Apache-2.0
// COLD: see route_check.h.
#include "edge/routes/route_check.h"

#include <algorithm>

#include "edge/routes/header_list.h"
#include "edge/routes/images.h"
#include "edge/routes/redirect.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kPathBytesMax = 1024;

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// "{name}" and a last "*" are whole segments; nothing else of a path has these bytes.
bool has_sound_pattern(std::string_view path) {
  std::string_view rest = path.substr(1);
  while (true) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    const bool is_last = segment.size() == rest.size();
    const bool is_named = segment.size() > 2 && segment.front() == '{' && segment.back() == '}' &&
                          is_name(segment.substr(1, segment.size() - 2));
    const bool is_plain = segment.find_first_of("{}*") == std::string_view::npos;
    if (!is_plain && !is_named && !(is_last && segment == "*")) return false;
    if (is_last) return true;
    rest.remove_prefix(segment.size() + 1);
  }
}

bool is_path(std::string_view path) {
  return path.starts_with('/') && path.size() <= kPathBytesMax && is_visible(path) &&
         path.find_first_of("?#") == std::string_view::npos && has_sound_pattern(path);
}

bool is_content_type(std::string_view type) {
  const std::size_t slash = type.find('/');
  return slash != std::string_view::npos && slash != 0 && type.size() > slash + 1 &&
         type.size() <= 200 && type.back() != ' ' && is_name(type.substr(0, slash)) &&
         std::all_of(type.begin(), type.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// "https://example.com:8443": what a browser sends as Origin, or "null".
bool is_origin(std::string_view origin) {
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return origin == "null";
  const std::string_view authority = origin.substr(scheme_end + 3);
  return is_name(origin.substr(0, scheme_end)) && !authority.empty() && is_visible(origin) &&
         authority.find_first_of("/?#@*,;\"\\") == std::string_view::npos;
}

void check_image(const RouteOptions& route, OptionFaults& faults) {
  const auto fault = [&](std::string_view key, std::string expected) {
    faults.push_back({.key = key, .expected = std::move(expected)});
  };
  if (!is_one_of(route.image, kImageNames)) fault("image", "the name of an image");
  if (!is_one_of(route.answer, kAnswerNames)) fault("answer", "\"none\", \"ok\" or \"image\"");
  const bool from_file = route.image == "file";
  if (from_file && route.file.empty()) fault("file", "the file of image = \"file\"");
  if (!from_file && !route.file.empty()) {
    fault("file", "no file unless image = \"file\"");
  } else if (!from_file && !route.content_type.empty()) {
    fault("content_type", "no content type unless image = \"file\"");
  }
  if (route.kind == RouteKind::kEvent && route.image != RouteOptions{}.image &&
      route.answer != "image") {
    fault("image", "no image unless answer = \"image\"");
  }
}

void check_static(const RouteOptions& route, OptionFaults& faults) {
  if (route.file.empty() == route.text.empty()) {
    faults.push_back({.key = route.file.empty() ? "file" : "text",
                      .expected = "either file or text, and one of them"});
  }
  if (route.max_age_ns % base::kSecondNs != 0) {
    faults.push_back({.key = "max_age", .expected = "whole seconds"});
  }
}

void check_redirect(const RouteOptions& route, OptionFaults& faults) {
  if (!is_name(route.target_parameter)) {
    faults.push_back({.key = "target_parameter", .expected = "the name of a query parameter"});
  }
  if (route.hosts.empty()) {
    faults.push_back({.key = "hosts", .expected = "at least one host that a target may have"});
  }
  for (std::size_t i = 0; i < route.hosts.size(); ++i) {
    if (is_redirect_host(route.hosts[i])) continue;
    faults.push_back({.key = "hosts",
                      .element = i,
                      .expected =
                          "a host such as \"example.com\" or \"*.example.com\", with a port "
                          "only if it is not the default one"});
  }
  const std::uint32_t status = route.redirect_status;
  if (status != 302 && status != 303 && status != 307) {
    faults.push_back({.key = "status",
                      .expected = "302, 303 or 307 (what 301 and 308 answer is kept by browsers, "
                                  "and later clicks are never seen)"});
  }
}

void check_bodies(const RouteOptions& route, OptionFaults& faults) {
  if (route.record_bytes != RouteOptions{}.record_bytes && route.record_bytes > route.body_bytes) {
    faults.push_back({.key = "record_bytes", .expected = "no more than body_bytes"});
  }
  if (route.records_max == 0 || route.records_max > kRecordsMax) {
    faults.push_back({.key = "records_max", .expected = "1 to 500"});
  }
  if (!is_visible(route.batch_key) || route.batch_key.size() > 128) {
    faults.push_back({.key = "batch_key", .expected = "the name of a member, or \"\" for any"});
  }
}

void check_lines(const std::vector<std::string>& lines, std::string_view key,
                 OptionFaults& faults) {
  std::size_t bytes = 0;
  for (const std::string& line : lines) bytes += line.size();
  if (bytes > kHeadersBytesMax) {
    faults.push_back({.key = key, .expected = "no more than 4 KiB of headers"});
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string expected = header_line_fault(lines[i]);
    if (!expected.empty()) {
      faults.push_back({.key = key, .element = i, .expected = std::move(expected)});
    }
  }
}

}  // namespace

bool has_image(RouteKind kind) noexcept {
  return kind == RouteKind::kPixel || kind == RouteKind::kBeacon || kind == RouteKind::kEvent;
}
bool takes_bodies(RouteKind kind) noexcept { return has_image(kind) || kind == RouteKind::kBatch; }

OptionFaults check_route(const RouteOptions& route) {
  OptionFaults faults;
  if (!is_path(route.path)) {
    faults.push_back({.key = "path",
                      .expected = "a path such as \"/1x1.gif\", \"/pixel/*\" or \"/{a}/{b}\", "
                                  "without query"});
  }
  if (has_image(route.kind)) check_image(route, faults);
  if (takes_bodies(route.kind)) check_bodies(route, faults);
  if (route.kind == RouteKind::kStatic) check_static(route, faults);
  if (route.kind == RouteKind::kRedirect) check_redirect(route, faults);
  if (!route.content_type.empty() && !is_content_type(route.content_type)) {
    faults.push_back({.key = "content_type", .expected = "a content type such as \"image/gif\""});
  }
  check_lines(route.headers, "headers", faults);
  return faults;
}

OptionFaults check_http(const HttpOptions& options) {
  OptionFaults faults;
  const auto fault = [&](std::string_view key, std::string expected) {
    faults.push_back({.key = key, .expected = std::move(expected)});
  };
  if (!is_one_of(options.cors, kCorsNames))
    fault("cors.mode", "\"none\", \"any\", \"echo\" or \"list\"");
  const bool is_list = options.cors == "list";
  if (is_list && options.cors_origins.empty()) {
    fault("cors.origins", "at least one origin for mode = \"list\"");
  } else if (!is_list && !options.cors_origins.empty()) {
    fault("cors.origins", "no origins unless mode = \"list\"");
  }
  for (std::size_t i = 0; i < options.cors_origins.size(); ++i) {
    if (is_origin(options.cors_origins[i])) continue;
    faults.push_back({.key = "cors.origins",
                      .element = i,
                      .expected = "an origin such as \"https://example.com\", without path"});
  }
  const HttpOptions defaults;
  if (options.cors_max_age_ns % base::kSecondNs != 0) fault("cors.max_age", "whole seconds");
  if (options.cors == "none" && options.cors_max_age_ns != defaults.cors_max_age_ns) {
    fault("cors.max_age", "no max_age while mode = \"none\"");
  }
  check_lines(options.headers, "headers.lines", faults);
  if (options.hsts_max_age_ns % base::kSecondNs != 0) fault("headers.hsts", "whole seconds");
  return faults;
}

}  // namespace pixel::edge
