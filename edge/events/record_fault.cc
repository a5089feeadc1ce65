// SPDX-License-Identifier: Apache-2.0
// The names of faults, for metrics, answers and the events lane, and what each tells its sender.
// HOT by thread; pure: see body_reader.h.
#include <array>

#include "edge/events/body_reader.h"

namespace pixel::edge {
namespace {

struct Words {
  std::string_view code;
  std::string_view message;
};

// By value of RecordFault. ASCII without quotes: they stand in JSON as they are.
constexpr std::array<Words, kRecordFaultCount> kWords{{
    {"none", "Accepted."},
    {"invalid_json", "Not valid JSON (RFC 8259), nested too deep, or a number is too large."},
    {"not_an_object", "A JSON object is expected here."},
    {"not_a_batch", "A JSON array is expected, or an object with one member that is an array."},
    {"too_many_records", "The batch has more records than one request may carry: split it."},
    {"record_too_large", "The record is larger than one may be."},
    {"body_too_large", "The body is larger than allowed once its content coding is undone."},
    {"bad_content_encoding", "The content coding is not gzip or deflate, or the data is damaged."},
    {"invalid_base64", "The data parameter is not base64."},
    {"empty", "There is no record in the request."},
}};

const Words& words(RecordFault fault) noexcept {
  const auto number = static_cast<std::size_t>(fault);
  return kWords[number < kWords.size() ? number : 0];
}

}  // namespace

std::string_view fault_code(RecordFault fault) noexcept { return words(fault).code; }

std::string_view fault_message(RecordFault fault) noexcept { return words(fault).message; }

}  // namespace pixel::edge
