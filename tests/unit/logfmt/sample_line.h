// SPDX-License-Identifier: Apache-2.0
// A typical request of a browser, as LineInput and as its encoded line.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "logfmt/escape.h"
#include "logfmt/line_encode.h"
#include "logfmt/line_encode_variants.h"

namespace pixel::logfmt {

inline constexpr std::int64_t kSampleTime = 1'795'200'720;  // 2026-11-20T18:52:00Z

inline const RequestIdCipher& sample_cipher() {
  static const RequestIdCipher cipher(std::array<std::uint8_t, kNodeKeyBytes>{
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  return cipher;
}

inline LineInput sample_input() {
  static const DateTimeText when = format_date_time(kSampleTime);
  LineInput input;
  input.when = &when;
  input.edge_location = "FRA1";
  input.sc_bytes = 431;
  input.client_address = "203.0.113.7";
  input.method = "GET";
  input.distribution_host = "d111111abcdef8.cloudfront.net";
  input.uri_stem = "/hpx.gif";
  input.status = 200;
  input.referer = "https://www.example.com/shop?id=%7B1%7D";
  input.user_agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0";
  input.uri_query = "a=1&b=%20two&c=\"three\"";
  input.result_type = "Hit";
  input.sequence = {1, 3, 0x673F3C2A, 41};
  input.host_header = "pixel.example.com";
  input.protocol = "https";
  input.cs_bytes = 512;
  input.time_taken_us = 1'234;
  input.ssl_protocol = "TLSv1.3";
  input.ssl_cipher = "TLS_AES_128_GCM_SHA256";
  input.response_result_type = "Hit";
  input.protocol_version = "HTTP/1.1";
  input.client_port = 50'000;
  input.time_to_first_byte_us = 567;
  input.detailed_result_type = "Hit";
  input.content_type = "image/gif";
  input.content_length = 43;
  return input;
}

inline std::string sample_request_id() {
  char id[kRequestIdBytes];
  sample_cipher().encode(sample_input().sequence, id);
  return std::string(id, kRequestIdBytes);
}

/// What this processor runs, the plain one first.
using LineVariant = std::size_t (*)(const LineInput&, const char*, char*) noexcept;
inline std::vector<LineVariant> line_variants() {
  std::vector<LineVariant> all{encode_line_plain};
#if PIXEL_X86_64
  if (base::cpu_has_avx2()) all.push_back(encode_line_avx2);
  if (base::cpu_has_avx512()) all.push_back(encode_line_avx512);
#endif
  return all;
}

/// encode_line, and each of its variants, which must agree, into exactly the room it asks for; the
/// fence behind it must survive.
inline std::string encode(const LineInput& input) {
  constexpr char kFence = '\x5A';
  const std::size_t bytes_max = encoded_line_bytes_max(input);
  std::vector<char> room(bytes_max + 16);
  const auto run = [&](auto&& encode_into) {
    std::fill(room.begin(), room.end(), kFence);
    const std::size_t bytes = encode_into(room.data());
    EXPECT_LE(bytes, bytes_max);
    for (std::size_t i = bytes_max; i < room.size(); ++i) EXPECT_EQ(room[i], kFence);
    return std::string(room.data(), bytes);
  };
  const std::string line = run([&](char* out) { return encode_line(input, sample_cipher(), out); });
  char id[kRequestIdBytes];
  sample_cipher().encode(input.sequence, id);
  for (const LineVariant variant : line_variants()) {
    EXPECT_EQ(run([&](char* out) { return variant(input, id, out); }), line);
  }
  return line;
}

}  // namespace pixel::logfmt
