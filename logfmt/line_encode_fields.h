// SPDX-License-Identifier: Apache-2.0
// HOT: the 33 fields in their order, compiled once for each set of vector instructions, so that a
// text costs no call. Who includes this has defined PIXEL_LINE_TARGET, the attribute of functions
// that use those instructions, and put_ready and put_raw, which write a text or "-" for none. Every
// write may scribble up to 64 bytes beyond its end; the next one overwrites that.
#pragma once

#include <cstring>

#include "base/assert.h"
#include "logfmt/line_encode.h"
#include "logfmt/line_pieces.h"

namespace pixel::logfmt {
namespace {

// Fields 1-12.
PIXEL_LINE_TARGET inline char* put_request(const LineInput& in, char* out) {
  std::memcpy(out, in.when->bytes, kDateTimeBytes);
  out = put_tab(out + kDateTimeBytes);
  out = put_tab(put_ready(in.edge_location, out));
  out = put_tab(put_number(in.sc_bytes, out));
  out = put_tab(put_ready(in.client_address, out));
  out = put_tab(put_raw(in.method, out));
  out = put_tab(put_ready(in.distribution_host, out));
  out = put_tab(put_raw(in.uri_stem, out));
  out = put_tab(put_status(in.status, out));
  out = put_tab(put_raw(in.referer, out));
  out = put_tab(put_raw(in.user_agent, out));
  return put_tab(put_raw(in.uri_query, out));
}

// Fields 13-22.
PIXEL_LINE_TARGET inline char* put_edge(const LineInput& in, const char* id, char* out) {
  out = put_tab(put_raw(in.cookie, out));
  out = put_tab(put_ready(in.result_type, out));
  std::memcpy(out, id, kRequestIdBytes);
  out = put_tab(out + kRequestIdBytes);
  out = put_tab(put_raw(in.host_header, out));
  out = put_tab(put_ready(in.protocol, out));
  out = put_tab(put_number(in.cs_bytes, out));
  out = put_tab(put_seconds(in.time_taken_us, out));
  out = put_tab(put_raw(in.forwarded_for, out));
  out = put_tab(put_ready(in.ssl_protocol, out));
  return put_tab(put_ready(in.ssl_cipher, out));
}

// Fields 23-33; we never have field-level encryption or ranges.
PIXEL_LINE_TARGET inline char* put_response(const LineInput& in, char* out) {
  out = put_tab(put_ready(in.response_result_type, out));
  out = put_tab(put_ready(in.protocol_version, out));
  out = put_literal("-\t-\t", out);
  out = put_tab(put_number(in.client_port, out));
  out = put_tab(put_seconds(in.time_to_first_byte_us, out));
  out = put_tab(put_ready(in.detailed_result_type, out));
  out = put_tab(put_raw(in.content_type, out));
  out = in.content_length < 0 ? put_literal("-", out)
                              : put_number(static_cast<std::uint64_t>(in.content_length), out);
  return put_literal("\t-\t-", out);
}

PIXEL_LINE_TARGET inline std::size_t put_line(const LineInput& input, const char* id, char* out) {
  DCHECK(input.when != nullptr);
  char* end = put_request(input, out);
  end = put_edge(input, id, end);
  end = put_response(input, end);
  return static_cast<std::size_t>(end - out);
}

}  // namespace
}  // namespace pixel::logfmt
