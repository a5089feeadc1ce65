// SPDX-License-Identifier: Apache-2.0
// HOT: see line_encode.h. Two-digit tables and short copies; measured in
// bench/micro/line_encode_bench. Every write may scribble up to 64 bytes beyond its end; the next
// one overwrites that.
#include "logfmt/line_encode.h"

#include <array>
#include <cstring>

#include "base/assert.h"
#include "base/clock.h"
#include "logfmt/escape.h"

namespace pixel::logfmt {
namespace {

constexpr std::size_t kNumberBytesMax = 20;  // 18446744073709551615
constexpr std::size_t kTabs = 32;
constexpr std::size_t kNumbers = 7;
constexpr std::size_t kFractionBytes = 8;  // ".000" of both times.
constexpr std::size_t kDashes = 33;        // An empty text's.
constexpr std::size_t kFixedBytesMax = kDateTimeBytes + kRequestIdBytes + kTabs + kDashes +
                                       kNumbers * kNumberBytesMax + kFractionBytes +
                                       kEscapeSlackBytes;

constexpr std::array<char, 200> make_digit_pairs() {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kDigitPairs = make_digit_pairs();

inline char* put_pair(std::uint64_t below_100, char* out) {
  std::memcpy(out, &kDigitPairs[2 * below_100], 2);
  return out + 2;
}

inline char* put_three(std::uint64_t below_1000, char* out) {
  *out = static_cast<char>('0' + below_1000 / 100);
  return put_pair(below_1000 % 100, out + 1);
}

[[gnu::noinline]] char* put_long_number(std::uint64_t value, char* out) {
  char digits[kNumberBytesMax];
  char* begin = digits + sizeof digits;
  for (; value >= 100; value /= 100) put_pair(value % 100, begin -= 2);
  if (value >= 10) {
    put_pair(value, begin -= 2);
  } else {
    *--begin = static_cast<char>('0' + value);
  }
  const auto count = static_cast<std::size_t>(digits + sizeof digits - begin);
  std::memcpy(out, begin, count);
  return out + count;
}

inline char* put_number(std::uint64_t value, char* out) {
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  if (value < 100) return put_pair(value, out);
  if (value < 1'000) return put_three(value, out);
  if (value < 10'000) return put_pair(value % 100, put_pair(value / 100, out));
  if (value < 100'000) {
    *out = static_cast<char>('0' + value / 10'000);
    return put_pair(value % 100, put_pair(value / 100 % 100, out + 1));
  }
  return put_long_number(value, out);
}

// "1.234": whole milliseconds, rounded down.
inline char* put_seconds(std::uint64_t microseconds, char* out) {
  const std::uint64_t milliseconds = microseconds / 1'000;
  out = put_number(milliseconds / 1'000, out);
  *out++ = '.';
  return put_three(milliseconds % 1'000, out);
}

template <std::size_t Bytes>
inline void copy_ends(const char* from, std::size_t count, char* out) {
  char head[Bytes];
  char tail[Bytes];
  std::memcpy(head, from, Bytes);
  std::memcpy(tail, from + count - Bytes, Bytes);
  std::memcpy(out, head, Bytes);
  std::memcpy(out + count - Bytes, tail, Bytes);
}

// memcpy of a variable count is a call; most texts are shorter than 32 bytes and two overlapping
// words copy them.
inline char* put_ready(std::string_view text, char* out) {
  const std::size_t count = text.size();
  if (count >= 16) {
    if (count <= 32) {
      copy_ends<16>(text.data(), count, out);
    } else {
      std::memcpy(out, text.data(), count);
    }
  } else if (count >= 8) {
    copy_ends<8>(text.data(), count, out);
  } else if (count >= 4) {
    copy_ends<4>(text.data(), count, out);
  } else if (count >= 2) {
    copy_ends<2>(text.data(), count, out);
  } else {
    *out = count == 0 ? '-' : text[0];
    return out + 1;
  }
  return out + count;
}

inline char* put_raw(std::string_view text, char* out) {
  if (text.empty()) {
    *out = '-';
    return out + 1;
  }
  return escape(text, out);
}

inline char* put_status(std::uint32_t status, char* out) {
  return status < 1'000 ? put_three(status, out) : put_number(status, out);
}

inline char* put_tab(char* out) {
  *out = '\t';
  return out + 1;
}

template <std::size_t Bytes>
inline char* put_literal(const char (&text)[Bytes], char* out) {
  std::memcpy(out, text, Bytes - 1);
  return out + Bytes - 1;
}

// Fields 1-12.
inline char* put_request(const LineInput& in, char* out) {
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
inline char* put_edge(const LineInput& in, const char* id, char* out) {
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
inline char* put_response(const LineInput& in, char* out) {
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

inline std::size_t put_line(const LineInput& input, const char* id, char* out) {
  DCHECK(input.when != nullptr);
  char* end = put_request(input, out);
  end = put_edge(input, id, end);
  end = put_response(input, end);
  return static_cast<std::size_t>(end - out);
}

}  // namespace

DateTimeText format_date_time(std::int64_t unix_seconds) noexcept {
  const base::CivilTime civil = base::civil_from_unix(unix_seconds);
  const auto pair = [](int value) { return static_cast<std::uint64_t>(value); };
  DateTimeText text{};
  char* out = put_pair(pair(civil.year / 100 % 100), text.bytes);
  out = put_pair(pair(civil.year % 100), out);
  *out++ = '-';
  out = put_pair(pair(civil.month), out);
  *out++ = '-';
  out = put_tab(put_pair(pair(civil.day), out));
  out = put_pair(pair(civil.hour), out);
  *out++ = ':';
  out = put_pair(pair(civil.minute), out);
  *out++ = ':';
  put_pair(pair(civil.second), out);
  return text;
}

std::size_t encoded_line_bytes_max(const LineInput& in) noexcept {
  const std::size_t ready =
      in.edge_location.size() + in.client_address.size() + in.distribution_host.size() +
      in.result_type.size() + in.protocol.size() + in.ssl_protocol.size() + in.ssl_cipher.size() +
      in.response_result_type.size() + in.protocol_version.size() + in.detailed_result_type.size();
  const std::size_t raw = in.method.size() + in.uri_stem.size() + in.referer.size() +
                          in.user_agent.size() + in.uri_query.size() + in.cookie.size() +
                          in.host_header.size() + in.forwarded_for.size() + in.content_type.size();
  return kFixedBytesMax + ready + kEscapeGrowth * raw;
}

std::size_t encode_line(const LineInput& input, const RequestIdCipher& cipher, char* out) noexcept {
  char id[kRequestIdBytes];
  cipher.encode(input.sequence, id);
  return put_line(input, id, out);
}

std::size_t encode_line(const LineInput& input, RequestIds& ids, char* out) noexcept {
  return put_line(input, ids.of(input.sequence), out);
}

}  // namespace pixel::logfmt
