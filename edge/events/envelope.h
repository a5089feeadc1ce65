// SPDX-License-Identifier: Apache-2.0
// One record -> one line of the events lane: a JSON object. HOT by thread; pure. The members and
// their order are part of the segment format (logfmt/FORMAT.md, section 2).
//
//   {"id":"<request id>","n":0,"seq":12,"time":"2026-11-20T18:52:00Z","client":"192.0.2.1",
//    "host":"...","path":"/collect","query":"...","type":"application/json","visitor":"...",
//    "user_agent":"...","referer":"...","record":{...}}
//   Before its record a bad one has "fault":"record_too_large", one whose request is cut here (the
//   access line has it whole) "cut":true, a binary one "encoding":"base64".
#pragma once

#include <cstdint>
#include <string_view>

#include "edge/events/body_reader.h"

namespace pixel::edge {

/// No line is longer, without its newline: with it, it is one of logfmt's kLineBytesMax.
inline constexpr std::size_t kEnvelopeBytesMax = 256 * 1024 - 1;

/// What all records of one request share. Views borrow for the call; raw unless said.
struct EnvelopeContext {
  std::string_view request_id;  // ready: the 22 characters of its access line.
  std::int64_t unix_seconds = 0;
  std::string_view client_address;
  std::string_view host;
  std::string_view path;
  std::string_view query;
  std::string_view content_type;
  std::string_view user_agent;
  std::string_view referer;
  std::string_view visitor;  // Empty ones are left out.
};

/// Room that is enough for the line, and little more: a batch reserves the sum. Never more than
/// kEnvelopeBytesMax.
std::size_t envelope_bytes_max(const EnvelopeContext& context, const Record& record,
                               std::uint32_t number) noexcept;
/// `number` counts the records of the request from 0; `sequence` the lines of the lane. Returns the
/// bytes written, without newline. No byte is NUL or newline, whatever the input.
/// REQUIRES: a record as BodyReader gives it: text of at most kRecordBytesMax.
std::size_t encode_envelope(const EnvelopeContext& context, const Record& record,
                            std::uint32_t number, std::uint64_t sequence, char* out) noexcept;

/// The answer to a batch, in the order of its records:
/// {"accepted":1,"failed":1,"results":[{"status":"accepted"},
///  {"status":"failed","code":"record_too_large","message":"..."}]}
std::size_t batch_answer_bytes_max(std::size_t records_count) noexcept;
std::size_t encode_batch_answer(const ReadBody& body, char* out) noexcept;

}  // namespace pixel::edge
