// SPDX-License-Identifier: Apache-2.0
// From a request, its connection and its answer to the 33 fields of its line. HOT; pure.
#pragma once

#include <string_view>

#include "edge/http/request_view.h"
#include "edge/http/response.h"
#include "edge/net/connection.h"
#include "logfmt/line_encode.h"

namespace pixel::edge {

/// x-host-header without its port: common parsers of this format take host names only.
inline std::string_view host_without_port(std::string_view host) noexcept {
  const bool literal = !host.empty() && host.front() == '[';
  const std::size_t end = host.find(literal ? ']' : ':');
  return host.substr(0, literal && end != std::string_view::npos ? end + 1 : end);
}

/// The originator: the first address of an X-Forwarded-For list.
inline std::string_view first_forwarded(std::string_view list) noexcept {
  std::string_view first = list.substr(0, list.find(','));
  while (!first.empty() && (first.back() == ' ' || first.back() == '\t')) first.remove_suffix(1);
  return first;
}

/// What is the same for every line of a worker.
struct LineConstants {
  std::string_view edge_location;
  std::string_view distribution_host;
  bool log_cookies = false;
};

/// Fills everything but `when` and `sequence`. The views live as long as the arguments do.
inline void describe(const LineConstants& constants, const Connection& connection,
                     const RequestView& request, const Response& response,
                     std::uint64_t time_taken_us, logfmt::LineInput& line) noexcept {
  const bool head_only = request.method == Method::kHead;
  line.edge_location = constants.edge_location;
  line.sc_bytes = head_only ? response.head_bytes : response.total_bytes;
  line.client_address = connection.peer.view();
  line.method = request.method_text;
  line.distribution_host = constants.distribution_host;
  line.uri_stem = request.path;
  line.status = response.status;
  line.referer = request.referer;
  line.user_agent = request.user_agent;
  line.uri_query = request.query;
  if (constants.log_cookies) line.cookie = request.cookie;
  line.result_type = response.result_type;
  const std::string_view host = host_without_port(request.host);
  line.host_header = host.empty() ? constants.distribution_host : host;
  line.protocol = "http";
  line.cs_bytes = request.head_bytes;
  line.time_taken_us = time_taken_us;
  line.forwarded_for = first_forwarded(request.forwarded_for);
  line.response_result_type = response.result_type;
  line.protocol_version = request.version == Version::kHttp10 ? "HTTP/1.0" : "HTTP/1.1";
  line.client_port = connection.peer.port;
  line.time_to_first_byte_us = time_taken_us;
  line.detailed_result_type = response.detailed_result_type;
  line.content_type = response.content_type;
  line.content_length = response.content_length;
}

}  // namespace pixel::edge
