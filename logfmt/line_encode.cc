// SPDX-License-Identifier: Apache-2.0
// HOT: see line_encode.h. Picks the variant at the first call; the plain one lives here too.
// Measured in bench/micro/line_encode_bench.
#include "logfmt/line_encode.h"

#include <atomic>
#include <cstring>

#include "base/clock.h"
#include "logfmt/escape.h"
#include "logfmt/line_encode_variants.h"
#include "logfmt/line_pieces.h"

namespace pixel::logfmt {
namespace {

constexpr std::size_t kTabs = 32;
constexpr std::size_t kNumbers = 7;
constexpr std::size_t kFractionBytes = 8;  // ".000" of both times.
constexpr std::size_t kDashes = 33;        // An empty text's.
constexpr std::size_t kFixedBytesMax = kDateTimeBytes + kRequestIdBytes + kTabs + kDashes +
                                       kNumbers * kNumberBytesMax + kFractionBytes +
                                       kEscapeSlackBytes;

inline char* put_ready(std::string_view text, char* out) {
  return text.empty() ? put_none(out) : put_text(text, out);
}

inline char* put_raw(std::string_view text, char* out) {
  return text.empty() ? put_none(out) : escape(text, out);
}

}  // namespace
}  // namespace pixel::logfmt

#define PIXEL_LINE_TARGET
#include "logfmt/line_encode_fields.h"

namespace pixel::logfmt {

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

std::size_t encode_line_plain(const LineInput& input, const char* id, char* out) noexcept {
  return put_line(input, id, out);
}

namespace {

using EncodeFunction = std::size_t (*)(const LineInput&, const char*, char*) noexcept;

EncodeFunction best_variant() noexcept {
#if PIXEL_X86_64
  if (base::cpu_has_avx512()) return encode_line_avx512;
  if (base::cpu_has_avx2()) return encode_line_avx2;
#endif
  return encode_line_plain;
}

std::size_t resolve_and_encode(const LineInput& input, const char* id, char* out) noexcept;

// Constant initialised, so that a static initialiser elsewhere may call encode_line().
constinit std::atomic<EncodeFunction> g_variant{&resolve_and_encode};

std::size_t resolve_and_encode(const LineInput& input, const char* id, char* out) noexcept {
  const EncodeFunction variant = best_variant();
  // relaxed: each thread may resolve for itself, to the same answer.
  g_variant.store(variant, std::memory_order_relaxed);
  return variant(input, id, out);
}

}  // namespace

std::size_t encode_line(const LineInput& input, const RequestIdCipher& cipher, char* out) noexcept {
  char id[kRequestIdBytes];
  cipher.encode(input.sequence, id);
  return g_variant.load(std::memory_order_relaxed)(input, id, out);
}

std::size_t encode_line(const LineInput& input, RequestIds& ids, char* out) noexcept {
  return g_variant.load(std::memory_order_relaxed)(input, ids.of(input.sequence), out);
}

}  // namespace pixel::logfmt
