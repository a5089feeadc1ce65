// SPDX-License-Identifier: Apache-2.0
// One request on its way to its answer: what was asked, by whom, and what its line will say. HOT;
// on the worker's stack; views point into the connection's bytes or the worker's scratch.
#pragma once

#include <cstdint>
#include <string_view>

#include "edge/client/ip_address.h"
#include "edge/http/request_view.h"
#include "edge/routes/route.h"

namespace pixel::edge {

struct Exchange {
  Exchange(const RequestView& asked, std::string_view its_body, std::uint64_t bytes) noexcept
      : request(asked), body(its_body), request_bytes(bytes) {}

  const RequestView& request;
  const Route* route = nullptr;     // Null where the head was refused.
  std::string_view body;            // Without framing.
  std::uint64_t request_bytes = 0;  // As they came: head, body and framing.

  // Who asked.
  std::string_view client_address;  // What may be logged of it.
  std::uint16_t client_port = 0;
  bool https = false;
  std::string_view tls_version;
  std::string_view tls_cipher;

  // What the line says; the request's own where no policy is at work.
  std::string_view forwarded_for;
  std::string_view query;
  std::string_view referer;
  std::string_view user_agent;
  std::string_view cookie;
  std::string_view visitor;
  std::string_view signals;  // Field 29 instead of the answer's own; often empty.
  bool unlogged = false;     // Answered without a line: a health check, or an opt-out.

  // What the answer has besides its prebuilt bytes.
  std::string_view headers;  // Whole lines.
  std::string_view content;  // Instead of its body, where has_content.
  bool has_content = false;
};

}  // namespace pixel::edge
