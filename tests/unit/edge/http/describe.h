// SPDX-License-Identifier: Apache-2.0
// One line of text for the result of a parse: what the tables of cases expect.
#pragma once

#include <string>
#include <string_view>

#include "edge/http/parse_step.h"

namespace pixel::edge::test {

/// Everything one parse says.
struct Parsed {
  ParseResult result;
  RequestView request;
};

inline Parsed parse_with(const ScanOps& scan, std::string_view bytes,
                         const ParseLimits& limits = {}) {
  Parsed parsed;
  parsed.result = parse_request_with(scan, bytes, limits, parsed.request);
  return parsed;
}

inline std::string describe_method(const RequestView& request) {
  const std::string text(request.method_text);
  switch (request.method) {
    case Method::kGet:
      return text == "GET" ? text : "wrong:" + text;
    case Method::kHead:
      return text == "HEAD" ? text : "wrong:" + text;
    case Method::kPost:
      return text == "POST" ? text : "wrong:" + text;
    case Method::kOptions:
      return text == "OPTIONS" ? text : "wrong:" + text;
    case Method::kKnownOther:
      return "known:" + text;
    case Method::kUnknown:
      break;
  }
  return "unknown:" + text;
}

/// By ExtraHeader's values.
inline constexpr std::string_view kExtraNames[kExtraHeaderCount] = {
    "origin",
    "content-type",
    "content-encoding",
    "expect",
    "request-method",
    "request-headers",
    "real-ip",
    "cf-connecting-ip",
    "true-client-ip",
    "viewer-address",
    "proto",
    "cloudfront-proto",
    "cf-visitor",
    "viewer-tls",
    "tls-version",
    "tls-cipher",
    "dnt",
    "do-not-track",
    "gpc",
    "anonymous",
    "purpose",
    "x-purpose",
    "x-moz",
    "sec-purpose",
};

/// "a<b<c", the last line first.
inline std::string describe_lines(const HeaderLines& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.count(); ++i) {
    text += (i == 0 ? "" : "<") + std::string(lines.from_last(i));
  }
  return text;
}

/// "GET /path ?query 1.1 keep host=h referer=r agent=a cookie=c xff=last<first forwarded=f
/// [origin=o] body chunked continue length=5"; what is absent is left out. "close" instead of
/// "keep".
inline std::string describe_request(const RequestView& request) {
  std::string text = describe_method(request) + " " + std::string(request.path);
  const auto add = [&text](std::string_view name, std::string_view value) {
    if (!value.empty()) text += " " + std::string(name) + std::string(value);
  };
  add("?", request.query);
  text += request.version == Version::kHttp11 ? " 1.1" : " 1.0";
  text += request.keep_alive ? " keep" : " close";
  add("host=", request.host);
  add("referer=", request.referer);
  add("agent=", request.user_agent);
  add("cookie=", request.cookie);
  add("xff=", describe_lines(request.forwarded_for));
  add("forwarded=", describe_lines(request.forwarded));
  for (std::size_t i = 0; i < kExtraHeaderCount; ++i) {
    const auto header = static_cast<ExtraHeader>(i);
    if (!request.extra.has(header)) continue;
    text += " [" + std::string(kExtraNames[i]) + "=" + std::string(request.extra.get(header)) + "]";
  }
  if (request.has_body) text += " body";
  if (request.chunked) text += " chunked";
  if (request.expects_continue) text += " continue";
  if (request.content_length > 0) text += " length=" + std::to_string(request.content_length);
  return text;
}

/// describe_request, "incomplete", or "400 bad_header" with " of GET /path" where the request line
/// was whole.
inline std::string describe(const Parsed& parsed) {
  if (parsed.result.status == ParseStatus::kIncomplete) return "incomplete";
  if (parsed.result.status == ParseStatus::kComplete) return describe_request(parsed.request);
  const Refusal refusal = parsed.result.refusal;
  std::string text = std::to_string(refusal_status(refusal)) + " ";
  text += refusal_name(refusal);
  if (parsed.request.method_text.empty()) return text;
  return text + " of " + std::string(parsed.request.method_text) + " " +
         std::string(parsed.request.path);
}

}  // namespace pixel::edge::test
