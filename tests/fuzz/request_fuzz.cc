// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request head. Checked on each input: all scans of this CPU give one answer, an
// answer holds for every longer input, shorter inputs are incomplete, and views stay inside the
// bytes. The first byte chooses the limits, so that small limits meet small inputs.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "base/assert.h"
#include "edge/http/parse_step.h"

namespace pixel::edge {
namespace {

struct Parsed {
  ParseResult result;
  RequestView request;
};

Parsed parse(const ScanOps& scan, std::string_view bytes, const ParseLimits& limits) {
  Parsed parsed;
  parsed.result = parse_request_with(scan, bytes, limits, parsed.request);
  return parsed;
}

bool same_request(const RequestView& a, const RequestView& b) {
  return a.method == b.method && a.version == b.version && a.keep_alive == b.keep_alive &&
         a.has_body == b.has_body && a.head_bytes == b.head_bytes &&
         a.content_length == b.content_length && a.method_text == b.method_text &&
         a.path == b.path && a.query == b.query && a.host == b.host && a.referer == b.referer &&
         a.user_agent == b.user_agent && a.cookie == b.cookie && a.forwarded_for == b.forwarded_for;
}

void check_same(const Parsed& a, const Parsed& b) {
  CHECK(a.result.status == b.result.status);
  CHECK(a.result.refusal == b.result.refusal);
  CHECK(a.result.status == ParseStatus::kIncomplete || same_request(a.request, b.request));
}

void check_views(const RequestView& request, std::string_view bytes) {
  for (const std::string_view view :
       {request.method_text, request.path, request.query, request.host, request.referer,
        request.user_agent, request.cookie, request.forwarded_for}) {
    if (view.empty()) continue;
    CHECK(view.data() >= bytes.data());
    CHECK(view.data() + view.size() <= bytes.data() + bytes.size());
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
}

}  // namespace
}  // namespace pixel::edge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  pixel::edge::check_request(bytes, {});
  if (size > 0) pixel::edge::check_request(bytes.substr(1), pixel::edge::limits_of(data[0]));
  return 0;
}
