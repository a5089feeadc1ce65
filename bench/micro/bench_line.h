// SPDX-License-Identifier: Apache-2.0
// The line that the micro benchmarks share: a browser's request, 494 bytes encoded.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "logfmt/line_encode.h"

namespace pixel::logfmt {

inline constexpr std::string_view kBenchUserAgent =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36";

inline RequestIdCipher bench_cipher() {
  return RequestIdCipher({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
}

inline LineInput bench_input() {
  static const DateTimeText when = format_date_time(1'795'200'720);
  LineInput input;
  input.when = &when;
  input.edge_location = "FRA1";
  input.sc_bytes = 431;
  input.client_address = "203.0.113.107";
  input.method = "GET";
  input.distribution_host = "d111111abcdef8.cloudfront.net";
  input.uri_stem = "/hpx.gif";
  input.status = 200;
  input.referer = "https://www.example.com/shop/category/product-12345";
  input.user_agent = kBenchUserAgent;
  input.uri_query = "a=pageview&b=shop&c=product-12345&d=7f3c2a91-5b1e-4c64-9d80-aa55d2e0f1b7";
  input.result_type = "Hit";
  input.sequence = {1, 0, 0x673F3C2A, 41};
  input.host_header = "pixel.example.com";
  input.protocol = "https";
  input.cs_bytes = 531;
  input.time_taken_us = 84;
  input.ssl_protocol = "TLSv1.3";
  input.ssl_cipher = "TLS_AES_128_GCM_SHA256";
  input.response_result_type = "Hit";
  input.protocol_version = "HTTP/1.1";
  input.client_port = 50'417;
  input.time_to_first_byte_us = 84;
  input.detailed_result_type = "Hit";
  input.content_type = "image/gif";
  input.content_length = 43;
  return input;
}

/// At least `bytes` of encoded lines that differ in their numbers, newlines included.
inline std::string bench_text(std::size_t bytes) {
  const RequestIdCipher cipher = bench_cipher();
  LineInput input = bench_input();
  std::vector<char> room(encoded_line_bytes_max(input) + 64);
  std::string text;
  while (text.size() < bytes) {
    ++input.sequence.sequence;
    input.cs_bytes = 400 + input.sequence.sequence * 7919 % 1'000;
    input.client_port = static_cast<std::uint32_t>(input.sequence.sequence * 7919 % 65'536);
    text.append(room.data(), encode_line(input, cipher, room.data()));
    text += '\n';
  }
  return text;
}

}  // namespace pixel::logfmt
