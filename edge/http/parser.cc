// SPDX-License-Identifier: Apache-2.0
// The head, line by line. HOT; pure. Each step looks only at bytes up to its own position, which
// is why more bytes never change an answer that was given.
#include "edge/http/parser.h"

#include <algorithm>
#include <new>

#include "edge/http/header_fields.h"
#include "edge/http/parse_step.h"
#include "edge/http/scan.h"

namespace pixel::edge {
namespace {

// A name that does not end in ':': the empty line, or a fault. obs-fold and a space before the
// colon are such too (RFC 9112 sections 5.1 and 5.2).
[[gnu::noinline]] Step end_header_lines(std::string_view bytes, std::size_t begin, std::size_t stop,
                                        HeaderFields& fields) noexcept {
  if (stop != begin || bytes[stop] != '\r') return refuse(Refusal::kBadHeader, stop + 1);
  const Step end = expect_crlf(bytes, begin, Refusal::kBadHeader);
  if (end.status != ParseStatus::kComplete) return end;
  const Refusal refusal = fields.finish();
  return refusal == Refusal::kNone ? end : refuse(refusal, end.position);
}

// A line more than there may be. The empty line is none.
[[gnu::noinline]] bool is_one_too_many(std::string_view bytes, std::size_t begin) noexcept {
  return begin < bytes.size() && bytes[begin] != '\r';
}

Step parse_header_lines(const ScanOps& scan, std::string_view bytes, std::size_t position,
                        std::uint32_t count_max, RequestView& request) noexcept {
  HeadStops found;
  StopWalker stops(scan, bytes, position, found);
  HeaderFields fields(request);
  for (std::uint32_t left = count_max;; --left) {
    if (left == 0 && is_one_too_many(bytes, position)) [[unlikely]] {
      return refuse(Refusal::kHeadersTooLarge, position + 1);
    }
    const std::size_t colon = stops.next();
    if (colon == StopWalker::kNone) [[unlikely]] {
      return incomplete();
    }
    if (bytes[colon] != ':' || colon == position) [[unlikely]] {
      return end_header_lines(bytes, position, colon, fields);
    }
    const std::size_t end = stops.next();
    if (!is_crlf(bytes, end)) [[unlikely]] {
      return end == StopWalker::kNone ? incomplete() : expect_crlf(bytes, end, Refusal::kBadHeader);
    }
    const HeaderName name = recognise_header({bytes.data() + position, colon - position});
    position = end + 2;
    if (name == HeaderName::kOther) continue;
    const Refusal refusal = fields.take(name, {bytes.data() + colon + 1, end - colon - 1});
    if (refusal != Refusal::kNone) [[unlikely]] {
      return refuse(refusal, position);
    }
  }
}

// What needs a byte beyond its limit is too long as soon as the limit is reached.
Step refuse_at_limit(const Step& step, std::size_t seen_bytes, std::size_t limit_bytes,
                     Refusal refusal) noexcept {
  const bool over = step.status == ParseStatus::kIncomplete && seen_bytes >= limit_bytes;
  return over ? refuse(refusal, limit_bytes) : step;
}

}  // namespace

ParseResult parse_request_with(const ScanOps& scan, std::string_view bytes,
                               const ParseLimits& limits, const HeadMemory* memory,
                               RequestView& request) noexcept {
  // EXCEPTION(hot): placement. An assignment would copy all that is not set yet.
  new (&request) RequestView;
  const std::size_t head_max = limits.head_bytes;
  const std::size_t line_max = std::min<std::size_t>(limits.request_line_bytes, head_max);
  Step step = parse_request_line(scan, bytes.substr(0, line_max), request);
  step = refuse_at_limit(step, bytes.size(), line_max, Refusal::kLineTooLong);
  if (step.status == ParseStatus::kComplete) {
    const std::string_view head = bytes.substr(0, head_max);
    request.line_bytes = static_cast<std::uint32_t>(step.position);
    if (memory != nullptr && memory->recall(head.substr(step.position), request)) {
      request.head_bytes = request.line_bytes + static_cast<std::uint32_t>(memory->block_bytes());
      return {ParseStatus::kComplete, Refusal::kNone, true};
    }
    step = parse_header_lines(scan, head, step.position, limits.header_count, request);
    step = refuse_at_limit(step, bytes.size(), head_max, Refusal::kHeadersTooLarge);
  }
  request.head_bytes = static_cast<std::uint32_t>(step.position);
  return {step.status, step.refusal};
}

ParseResult parse_request(std::string_view bytes, const ParseLimits& limits,
                          RequestView& request) noexcept {
  return parse_request_with(best_scan(), bytes, limits, nullptr, request);
}

ParseResult parse_request(std::string_view bytes, const ParseLimits& limits,
                          const HeadMemory* memory, RequestView& request) noexcept {
  return parse_request_with(best_scan(), bytes, limits, memory, request);
}

}  // namespace pixel::edge
