// SPDX-License-Identifier: Apache-2.0
// The answer to a batch: see envelope.h. HOT by thread; pure.
#include <charconv>
#include <cstring>

#include "edge/events/envelope.h"

namespace pixel::edge {
namespace {

constexpr std::string_view kAccepted = "{\"status\":\"accepted\"}";
// With the longest code and message there is.
constexpr std::size_t kResultBytesMax = 192;
constexpr std::size_t kFrameBytes = 96;

char* write(std::string_view text, char* out) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* write_number(std::size_t number, char* out) noexcept {
  constexpr std::size_t digits_max = 20;
  return std::to_chars(out, out + digits_max, number).ptr;
}

// Codes and messages have nothing to escape.
char* write_failed(RecordFault fault, char* out) noexcept {
  out = write("{\"status\":\"failed\",\"code\":\"", out);
  out = write(fault_code(fault), out);
  out = write("\",\"message\":\"", out);
  out = write(fault_message(fault), out);
  return write("\"}", out);
}

}  // namespace

std::size_t batch_answer_bytes_max(std::size_t records_count) noexcept {
  return kFrameBytes + records_count * kResultBytesMax;
}

std::size_t encode_batch_answer(const ReadBody& body, char* out) noexcept {
  const char* const begin = out;
  std::size_t failed = 0;
  for (const Record& record : body.records) failed += record.fault != RecordFault::kNone ? 1 : 0;
  out = write("{\"accepted\":", out);
  out = write_number(body.records.size() - failed, out);
  out = write(",\"failed\":", out);
  out = write_number(failed, out);
  out = write(",\"results\":[", out);
  bool is_first = true;
  for (const Record& record : body.records) {
    if (!is_first) *out++ = ',';
    is_first = false;
    out = record.fault == RecordFault::kNone ? write(kAccepted, out)
                                             : write_failed(record.fault, out);
  }
  out = write("]}", out);
  return static_cast<std::size_t>(out - begin);
}

}  // namespace pixel::edge
