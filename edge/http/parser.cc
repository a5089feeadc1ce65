// SPDX-License-Identifier: Apache-2.0
// The head, line by line. HOT; pure. Each step looks only at bytes up to its own position, which
// is why more bytes never change an answer that was given.
#include "edge/http/parser.h"

#include <algorithm>

#include "edge/http/header_fields.h"
#include "edge/http/parse_step.h"
#include "edge/http/scan.h"

namespace pixel::edge {
namespace {

using HeadScanner = MaskScanner<HeadMasks>;

// One header line at `begin`. obs-fold and a space before the colon both show as a name that does
// not end in ':' (RFC 9112 sections 5.1 and 5.2).
inline Step parse_header_line(HeadScanner& scanner, std::string_view bytes, std::size_t begin,
                              HeaderFields& fields) noexcept {
  const std::size_t colon = scanner.find<&HeadMasks::name_end>(begin);
  if (colon == HeadScanner::kNone) return incomplete();
  if (bytes[colon] != ':' || colon == begin) [[unlikely]] {
    return refuse(Refusal::kBadHeader, colon + 1);
  }
  // From the beginning, not from the colon: no control is in between, and the next line's place
  // then does not wait for this line's colon (6 % of a browser's head, request_parse_bench).
  const std::size_t end = scanner.find<&HeadMasks::value_end>(scanner.not_before_window(begin));
  if (end == HeadScanner::kNone) return incomplete();
  const Step line = expect_crlf(bytes, end, Refusal::kBadHeader);
  if (line.status != ParseStatus::kComplete) [[unlikely]] {
    return line;
  }
  const HeaderName name = recognise_header({bytes.data() + begin, colon - begin});
  if (name == HeaderName::kOther) return line;
  const Refusal refusal = fields.take(name, {bytes.data() + colon + 1, end - colon - 1});
  return refusal == Refusal::kNone ? line : refuse(refusal, line.position);
}

Step parse_header_lines(const ScanOps& scan, std::string_view bytes, std::size_t position,
                        std::uint32_t count_max, RequestView& request) noexcept {
  HeadMasks masks;
  HeadScanner scanner(scan.head, bytes, masks);
  HeaderFields fields(request);
  for (std::uint32_t count = 0; position < bytes.size(); ++count) {
    if (bytes[position] == '\r') {
      const Step end = expect_crlf(bytes, position, Refusal::kBadHeader);
      if (end.status != ParseStatus::kComplete) return end;
      const Refusal refusal = fields.finish();
      return refusal == Refusal::kNone ? end : refuse(refusal, end.position);
    }
    if (count == count_max) return refuse(Refusal::kHeadersTooLarge, position + 1);
    const Step line = parse_header_line(scanner, bytes, position, fields);
    if (line.status != ParseStatus::kComplete) [[unlikely]] {
      return line;
    }
    position = line.position;
  }
  return incomplete();
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
  request = RequestView{};
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
