// SPDX-License-Identifier: Apache-2.0
// See envelope.h. HOT by thread; pure. The record has its place first; the request's texts share
// what is left of the line, which is enough for all but a client that means harm.
#include "edge/events/envelope.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/assert.h"
#include "base/clock.h"
#include "edge/events/base64.h"
#include "edge/events/json_text.h"

namespace pixel::edge {
namespace {

// All names, quotes, numbers, the id, the time, a fault: 360 bytes at most.
constexpr std::size_t kFixedBytes = 512;
constexpr std::size_t kIdBytesMax = 32;
// Of all texts in the second and later records of a request.
constexpr std::size_t kLaterTextBytesMax = 512;
// Text that grows more than this by escapes is written as base64.
constexpr std::size_t kTextGrowthMax = 2;

constexpr std::size_t record_bytes_bound(std::size_t raw_bytes) {
  return std::max(kTextGrowthMax * raw_bytes, base64_bytes(raw_bytes));
}
static_assert(record_bytes_bound(kRecordBytesMax) + kFixedBytes < kEnvelopeBytesMax);

struct Text {
  std::string_view name;  // With quotes, comma and colon around it.
  std::string_view EnvelopeContext::*raw;
  bool in_each;  // Else in the first record of a request only: a batch must not multiply its head.
};

// In the order of the line.
constexpr std::array<Text, 8> kTexts{{
    {",\"client\":\"", &EnvelopeContext::client_address, true},
    {",\"host\":\"", &EnvelopeContext::host, false},
    {",\"path\":\"", &EnvelopeContext::path, true},
    {",\"query\":\"", &EnvelopeContext::query, false},
    {",\"type\":\"", &EnvelopeContext::content_type, false},
    {",\"visitor\":\"", &EnvelopeContext::visitor, true},
    {",\"user_agent\":\"", &EnvelopeContext::user_agent, false},
    {",\"referer\":\"", &EnvelopeContext::referer, false},
}};

char* write(std::string_view text, char* out) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* write_number(std::uint64_t number, char* out) noexcept {
  constexpr std::size_t digits_max = 20;
  return std::to_chars(out, out + digits_max, number).ptr;
}

char* write_digits(int number, int count, char* out) noexcept {
  for (int i = count - 1; i >= 0; --i, number /= 10) out[i] = static_cast<char>('0' + number % 10);
  return out + count;
}

char* write_time(std::int64_t unix_seconds, char* out) noexcept {
  const base::CivilTime civil = base::civil_from_unix(unix_seconds);
  out = write_digits(civil.year % 10'000, 4, out);
  *out++ = '-';
  out = write_digits(civil.month, 2, out);
  *out++ = '-';
  out = write_digits(civil.day, 2, out);
  *out++ = 'T';
  out = write_digits(civil.hour, 2, out);
  *out++ = ':';
  out = write_digits(civil.minute, 2, out);
  *out++ = ':';
  out = write_digits(civil.second, 2, out);
  *out++ = 'Z';
  return out;
}

// How the record is written.
struct Plan {
  RecordForm form;
  std::size_t bytes;  // At most, with its quotes.
};

Plan plan_record(const Record& record) noexcept {
  constexpr std::size_t quotes = 2;
  const std::size_t raw_bytes = record.text.size();
  const std::size_t binary_bytes = base64_bytes(raw_bytes) + quotes;
  if (record.form == RecordForm::kJson) return {RecordForm::kJson, raw_bytes};
  if (record.form == RecordForm::kBinary) return {RecordForm::kBinary, binary_bytes};
  const std::size_t text_bytes = json_text_bytes(record.text);
  if (text_bytes <= kTextGrowthMax * raw_bytes) return {RecordForm::kText, text_bytes + quotes};
  return {RecordForm::kBinary, binary_bytes};
}

char* write_record(const Record& record, RecordForm form, char* out) noexcept {
  if (record.fault != RecordFault::kNone) {
    out = write(",\"fault\":\"", out);
    out = write(fault_code(record.fault), out);
    *out++ = '"';
  }
  if (form == RecordForm::kBinary) out = write(",\"encoding\":\"base64\"", out);
  out = write(",\"record\":", out);
  if (form == RecordForm::kJson) {
    out = record.text.empty() ? write("null", out) : write(record.text, out);
  } else {
    *out++ = '"';
    std::string_view raw = record.text;
    out = form == RecordForm::kBinary ? encode_base64(raw, out)
                                      : write_json_text(raw, out, kEnvelopeBytesMax);
    *out++ = '"';
  }
  *out++ = '}';
  return out;
}

char* write_texts(const EnvelopeContext& context, std::uint32_t number, std::size_t room,
                  char* out) noexcept {
  bool is_cut = false;
  for (const Text& text : kTexts) {
    std::string_view raw = context.*text.raw;
    if (raw.empty() || (number != 0 && !text.in_each)) continue;
    out = write(text.name, out);
    const char* const begin = out;
    out = write_json_text(raw, out, room);
    room -= static_cast<std::size_t>(out - begin);
    *out++ = '"';
    is_cut = is_cut || !raw.empty();
  }
  return is_cut ? write(",\"cut\":true", out) : out;
}

std::size_t texts_bytes(const EnvelopeContext& context, std::uint32_t number) noexcept {
  std::size_t bytes = 0;
  for (const Text& text : kTexts) {
    if (number == 0 || text.in_each) bytes += json_text_bytes(context.*text.raw);
  }
  return number == 0 ? bytes : std::min(bytes, kLaterTextBytesMax);
}

}  // namespace

std::size_t envelope_bytes_max(const EnvelopeContext& context, const Record& record,
                               std::uint32_t number) noexcept {
  const std::size_t bytes =
      kFixedBytes + texts_bytes(context, number) + record_bytes_bound(record.text.size());
  return std::min(bytes, kEnvelopeBytesMax);
}

std::size_t encode_envelope(const EnvelopeContext& context, const Record& record,
                            std::uint32_t number, std::uint64_t sequence, char* out) noexcept {
  DCHECK(record.text.size() <= kRecordBytesMax && context.request_id.size() <= kIdBytesMax);
  const char* const begin = out;
  const Plan plan = plan_record(record);
  out = write("{\"id\":\"", out);
  out = write(context.request_id, out);
  out = write("\",\"n\":", out);
  out = write_number(number, out);
  out = write(",\"seq\":", out);
  out = write_number(sequence, out);
  out = write(",\"time\":\"", out);
  out = write_time(context.unix_seconds, out);
  *out++ = '"';
  std::size_t room = kEnvelopeBytesMax - kFixedBytes - plan.bytes;
  if (number != 0) room = std::min(room, kLaterTextBytesMax);
  out = write_texts(context, number, room, out);
  out = write_record(record, plan.form, out);
  return static_cast<std::size_t>(out - begin);
}

}  // namespace pixel::edge
