// SPDX-License-Identifier: Apache-2.0
// From an exchange and its answer to the 33 fields of its line. HOT; pure.
#pragma once

#include <string_view>

#include "edge/exchange.h"
#include "edge/http/response.h"
#include "logfmt/line_encode.h"

namespace pixel::edge {

/// x-host-header without its port: common parsers of this format take host names only.
inline std::string_view host_without_port(std::string_view host) noexcept {
  const bool literal = !host.empty() && host.front() == '[';
  const std::size_t end = host.find(literal ? ']' : ':');
  return host.substr(0, literal && end != std::string_view::npos ? end + 1 : end);
}

/// What is the same for every line of a worker.
struct LineConstants {
  std::string_view edge_location;
  std::string_view distribution_host;
};

/// Bytes of the answer as it is sent.
inline std::uint64_t sent_bytes(const Exchange& exchange, const Response& response) noexcept {
  const std::uint64_t head = response.head_bytes + exchange.headers.size();
  if (exchange.request.method == Method::kHead) return head;
  const std::uint64_t body = response.total_bytes - response.head_bytes;
  return head + (exchange.has_content ? exchange.content.size() : body);
}

/// Fills everything but `when` and `sequence`. The views live as long as the arguments do.
inline void describe(const LineConstants& constants, const Exchange& exchange,
                     const Response& response, std::uint64_t time_taken_us,
                     logfmt::LineInput& line) noexcept {
  const RequestView& request = exchange.request;
  line.edge_location = constants.edge_location;
  line.sc_bytes = sent_bytes(exchange, response);
  line.client_address = exchange.client_address;
  line.method = request.method_text;
  line.distribution_host = constants.distribution_host;
  line.uri_stem = request.path;
  line.status = response.status;
  line.referer = exchange.referer;
  line.user_agent = exchange.user_agent;
  line.uri_query = exchange.query;
  line.cookie = exchange.cookie;
  line.result_type = response.result_type;
  const std::string_view host = host_without_port(request.host);
  line.host_header = host.empty() ? constants.distribution_host : host;
  line.protocol = exchange.https ? "https" : "http";
  line.cs_bytes = exchange.request_bytes;
  line.time_taken_us = time_taken_us;
  line.forwarded_for = exchange.forwarded_for;
  line.ssl_protocol = exchange.tls_version;
  line.ssl_cipher = exchange.tls_cipher;
  line.response_result_type = response.result_type;
  line.protocol_version = request.version == Version::kHttp10 ? "HTTP/1.0" : "HTTP/1.1";
  line.client_port = exchange.client_port;
  line.time_to_first_byte_us = time_taken_us;
  line.detailed_result_type =
      exchange.signals.empty() ? response.detailed_result_type : exchange.signals;
  line.content_type = response.content_type;
  line.content_length = exchange.has_content ? static_cast<std::int64_t>(exchange.content.size())
                                             : response.content_length;
}

}  // namespace pixel::edge
