// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request. Checked on each input: all scans of this CPU give one answer, an answer
// holds for every longer input, shorter inputs are incomplete, views stay inside the bytes, a
// chunked body ends where it ends in any pieces, and what a connection remembers of its last head
// changes nothing. The first byte chooses the limits, so that small
// limits meet small inputs.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "base/assert.h"
#include "edge/http/parse_step.h"
#include "tests/fuzz/body_pieces.h"

namespace pixel::edge {
namespace {

constexpr std::uint32_t kBodyBytesMax = 2048;

struct Parsed {
  ParseResult result;
  RequestView request;
};

Parsed parse(const ScanOps& scan, std::string_view bytes, const ParseLimits& limits) {
  Parsed parsed;
  parsed.result = parse_request_with(scan, bytes, limits, parsed.request);
  return parsed;
}

bool same_lines(const HeaderLines& a, const HeaderLines& b) {
  if (a.count() != b.count()) return false;
  for (std::size_t i = 0; i < a.count(); ++i) {
    if (a.from_last(i) != b.from_last(i)) return false;
  }
  return true;
}

bool same_extra(const ExtraHeaders& a, const ExtraHeaders& b) {
  for (std::size_t i = 0; i < kExtraHeaderCount; ++i) {
    const auto header = static_cast<ExtraHeader>(i);
    if (a.has(header) != b.has(header) || a.get(header) != b.get(header)) return false;
  }
  return a.any() == b.any();
}

bool same_request(const RequestView& a, const RequestView& b) {
  return a.method == b.method && a.version == b.version && a.keep_alive == b.keep_alive &&
         a.has_body == b.has_body && a.chunked == b.chunked &&
         a.expects_continue == b.expects_continue && a.head_bytes == b.head_bytes &&
         a.content_length == b.content_length && a.method_text == b.method_text &&
         a.path == b.path && a.query == b.query && a.host == b.host && a.referer == b.referer &&
         a.user_agent == b.user_agent && a.cookie == b.cookie &&
         same_lines(a.forwarded_for, b.forwarded_for) && same_lines(a.forwarded, b.forwarded) &&
         same_extra(a.extra, b.extra);
}

void check_same(const Parsed& a, const Parsed& b) {
  CHECK(a.result.status == b.result.status);
  CHECK(a.result.refusal == b.result.refusal);
  CHECK(a.result.status == ParseStatus::kIncomplete || same_request(a.request, b.request));
}

void check_view(std::string_view view, std::string_view bytes) {
  if (view.empty()) return;
  CHECK(view.data() >= bytes.data());
  CHECK(view.data() + view.size() <= bytes.data() + bytes.size());
}

void check_views(const RequestView& request, std::string_view bytes) {
  for (const std::string_view view :
       {request.method_text, request.path, request.query, request.host, request.referer,
        request.user_agent, request.cookie}) {
    check_view(view, bytes);
  }
  for (const HeaderLines* lines : {&request.forwarded_for, &request.forwarded}) {
    for (std::size_t i = 0; i < lines->count(); ++i) check_view(lines->from_last(i), bytes);
  }
  for (std::size_t i = 0; i < kExtraHeaderCount; ++i) {
    check_view(request.extra.get(static_cast<ExtraHeader>(i)), bytes);
  }
}

// An exact copy on the heap: a sanitizer sees the first byte read beyond it.
void check_at(std::string_view bytes, const ParseLimits& limits, const Parsed& expected) {
  const auto copy = std::make_unique<char[]>(bytes.size());
  bytes.copy(copy.get(), bytes.size());
  const std::string_view exact{copy.get(), bytes.size()};
  for (const ScanOps* scan : supported_scans()) {
    const Parsed parsed = parse(*scan, exact, limits);
    check_same(parsed, expected);
    check_views(parsed.request, exact);
  }
}

// This head, and whatever comes behind it, with this head's block remembered.
void check_memory(std::string_view bytes, const ParseLimits& limits, const RequestView& request) {
  const auto memory = std::make_unique<HeadMemory>();
  memory->remember(bytes.substr(request.line_bytes, request.head_bytes - request.line_bytes),
                   request);
  for (const std::size_t begin : {std::size_t{0}, std::size_t{request.head_bytes}}) {
    const std::string_view next = bytes.substr(begin);
    Parsed recalled;
    recalled.result = parse_request(next, limits, memory.get(), recalled.request);
    check_same(recalled, parse(kScalarScan, next, limits));
    if (recalled.result.status == ParseStatus::kComplete) check_views(recalled.request, next);
  }
}

ParseLimits limits_of(std::uint8_t choice) {
  if (choice % 2 == 0) return ParseLimits{};
  return ParseLimits{.request_line_bytes = 8U + choice,
                     .head_bytes = 40U + choice * 2U,
                     .header_count = choice % 8U};
}

void check_request(std::string_view bytes, const ParseLimits& limits) {
  const Parsed whole = parse(kScalarScan, bytes, limits);
  check_at(bytes, limits, whole);
  if (whole.result.status == ParseStatus::kIncomplete) return;
  const std::size_t answer_bytes = whole.request.head_bytes;
  CHECK(answer_bytes > 0 && answer_bytes <= bytes.size());
  check_at(bytes.substr(0, answer_bytes), limits, whole);
  check_at(bytes.substr(0, answer_bytes - 1), limits, Parsed{});
  check_at(bytes.substr(0, answer_bytes / 2), limits, Parsed{});
  if (whole.result.status != ParseStatus::kComplete) return;
  const RequestView& request = whole.request;
  CHECK(request.has_body == (request.chunked || request.content_length > 0));
  check_memory(bytes, limits, request);
  if (request.chunked) check_body(bytes.substr(answer_bytes), 1 + answer_bytes % 17, kBodyBytesMax);
}

}  // namespace
}  // namespace pixel::edge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  pixel::edge::check_request(bytes, {});
  if (size > 0) pixel::edge::check_request(bytes.substr(1), pixel::edge::limits_of(data[0]));
  return 0;
}
