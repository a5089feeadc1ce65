// SPDX-License-Identifier: Apache-2.0
// See http_config.h. COLD.
#include "shipper/sinks/http/http_config.h"

#include <algorithm>
#include <array>

#include "shipper/sinks/http/slack_message.h"

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 2> kPresets = {"none", "slack"};
constexpr std::array<std::string_view, 2> kBodies = {"lines", "array"};

bool is_url(std::string_view text) {
  const bool has_scheme = text.starts_with("http://") || text.starts_with("https://");
  const auto is_fine = [](char c) { return c > ' ' && c < 0x7F; };
  return has_scheme && std::all_of(text.begin(), text.end(), is_fine);
}

void read_url(base::ConfigSection& section, HttpEndpoint& endpoint) {
  std::string text;
  section.read("url", text);
  if (Secret::is_reference(text)) {
    endpoint.url_secret = Secret(text);
  } else if (is_url(text)) {
    endpoint.url = text;
  } else {
    section.fail("url", "a URL (\"https://...\"), or where one lies (\"env:NAME\")");
  }
}

bool is_header_name(std::string_view name) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), is_part);
}

void read_headers(base::ConfigSection& section, HttpHeaders& headers) {
  std::vector<std::string> lines;
  section.read("headers", lines);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(": ");
    const bool is_header = colon != std::string::npos && is_header_name(lines[i].substr(0, colon));
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
    if (!is_header || std::any_of(lines[i].begin(), lines[i].end(), is_control)) {
      section.fail_element("headers", i, "\"Name: value\"");
      continue;
    }
    headers.emplace_back(lines[i].substr(0, colon), lines[i].substr(colon + 2));
  }
}

void read_endpoint(base::ConfigSection& section, HttpEndpoint& endpoint) {
  read_url(section, endpoint);
  read_http_settings(section, endpoint.connection);
  section.read("user", endpoint.user);
  read_secret(section, "password", endpoint.password);
  read_secret(section, "bearer_token", endpoint.bearer_token);
  if (endpoint.password.is_set() && endpoint.user.empty()) {
    section.fail("password", "a user beside it");
  }
  if (endpoint.bearer_token.is_set() && !endpoint.user.empty()) {
    section.fail("bearer_token", "either bearer_token or user and password");
  }
  read_headers(section, endpoint.headers);
}

void read_slack(base::ConfigSection& section, SlackOptions& options) {
  read_endpoint(section, options.endpoint);
  section.read_duration("interval", options.interval_ns,
                        {base::kSecondNs, 24 * 3600 * base::kSecondNs});
  section.read("count_by", options.count_by);
  section.read("text", options.text);
  if (const std::string wrong = unknown_placeholder(options.text); !wrong.empty()) {
    section.fail("text",
                 "only {sink}, {rows}, {seconds}, {from}, {to}, {tables}, {values} and "
                 "{dead_letters} in braces");
  }
}

}  // namespace

void read_http_sink_config(base::ConfigSection& section, HttpSection& options) {
  std::size_t preset = 0;
  section.read_choice("preset", kPresets, preset);
  options.is_slack = preset == 1;
  if (options.is_slack) {
    read_slack(section, options.slack);
    return;
  }
  std::size_t body = 0;
  read_endpoint(section, options.http.endpoint);
  section.read_choice("body", kBodies, body);
  options.http.is_array = body == 1;
  section.read("gzip", options.http.gzip);
}

base::Result<HttpRequest> prepare_request(const HttpEndpoint& endpoint) {
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint.url;
  if (endpoint.url_secret.is_set()) {
    auto url = endpoint.url_secret.read();
    if (!url) return url.error();
    if (!is_url(*url)) return base::Error{endpoint.url_secret.reference() + " holds no URL"};
    request.url = std::move(url).value();
  }
  auto password = endpoint.password.read();
  if (!password) return password.error();
  auto token = endpoint.bearer_token.read();
  if (!token) return token.error();
  request.user = endpoint.user;
  request.password = std::move(password).value();
  request.bearer_token = std::move(token).value();
  for (const auto& [name, value] : endpoint.headers) {
    auto text = Secret::is_reference(value) ? Secret(value).read()
                                            : base::Result<std::string>(std::string(value));
    if (!text) return text.error();
    request.headers.emplace_back(name, std::move(text).value());
  }
  return request;
}

}  // namespace pixel::shipper
