// SPDX-License-Identifier: Apache-2.0
// See answer_parser.h. HOT. Chunked bodies are refused: no server of a pixel sends one.
#include "tools/pixel_load/answer_parser.h"

#include <algorithm>
#include <charconv>

namespace pixel::load {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kNewline = "\r\n";

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// REQUIRES: `name` is lower case.
bool equals_ignoring_case(std::string_view text, std::string_view name) noexcept {
  return text.size() == name.size() && std::equal(text.begin(), text.end(), name.begin(),
                                                  [](char a, char b) { return lower(a) == b; });
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool has_token(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (equals_ignoring_case(trim(list.substr(0, comma)), token)) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// "HTTP/1.1 200 OK" or "HTTP/1.1 200": the status, or 0.
unsigned parse_status_line(std::string_view line) noexcept {
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || !is_digit(line[7]) || line[8] != ' ') {
    return 0;
  }
  if (line.size() > 12 && line[12] != ' ') return 0;
  unsigned status = 0;
  for (const char c : line.substr(9, 3)) {
    if (!is_digit(c)) return 0;
    status = status * 10 + static_cast<unsigned>(c - '0');
  }
  return status >= 100 && status <= 599 ? status : 0;
}

}  // namespace

void AnswerParser::reset() noexcept {
  partial_head_.clear();
  state_ = State::kHead;
  close_ = false;
}

AnswerParser::Progress AnswerParser::feed(std::string_view bytes, bool to_head, AnswerMemo& memo) {
  if (state_ != State::kHead) return feed_body(bytes);
  return partial_head_.empty() ? feed_whole(bytes, to_head, memo) : feed_head(bytes, to_head);
}

// Between two answers: most often the next one is here as a whole, and is the last one again.
AnswerParser::Progress AnswerParser::feed_whole(std::string_view bytes, bool to_head,
                                                AnswerMemo& memo) {
  if (memo.is_at(bytes)) {
    status_ = memo.status();
    close_ = false;
    return {Step::kAnswer, memo.size()};
  }
  Progress progress = feed_head(bytes, to_head);
  if (state_ == State::kBody && progress.consumed < bytes.size()) {
    const Progress body = feed_body(bytes.substr(progress.consumed));
    progress = {body.step, progress.consumed + body.consumed};
  }
  if (progress.step == Step::kAnswer && !close_) {
    memo.remember(bytes.substr(0, progress.consumed), status_);
  }
  return progress;
}

AnswerParser::Step AnswerParser::finish() noexcept {
  const bool nothing_open = state_ == State::kHead && partial_head_.empty();
  const bool ended_by_close = state_ == State::kBodyUntilClose;
  partial_head_.clear();
  state_ = State::kHead;
  if (ended_by_close) return Step::kAnswer;
  return nothing_open ? Step::kNeedMore : Step::kMalformed;
}

AnswerParser::Progress AnswerParser::feed_head(std::string_view bytes, bool to_head) {
  if (partial_head_.empty()) {
    const std::size_t end = bytes.find(kHeadEnd);
    if (end != std::string_view::npos) {
      const std::size_t head_bytes = end + kHeadEnd.size();
      return begin_body(bytes.substr(0, head_bytes), head_bytes, to_head);
    }
  }
  const std::size_t held = partial_head_.size();
  partial_head_.append(bytes);
  // The end may have begun in what was held.
  const std::size_t search_from = held < kHeadEnd.size() ? 0 : held - kHeadEnd.size();
  const std::size_t end = partial_head_.find(kHeadEnd, search_from);
  if (end == std::string::npos) {
    return {partial_head_.size() > kHeadBytesMax ? Step::kMalformed : Step::kNeedMore,
            bytes.size()};
  }
  const std::size_t head_bytes = end + kHeadEnd.size();
  partial_head_.resize(head_bytes);
  const Progress progress = begin_body(partial_head_, head_bytes - held, to_head);
  partial_head_.clear();
  return progress;
}

AnswerParser::Progress AnswerParser::begin_body(std::string_view head, std::size_t consumed,
                                                bool to_head) {
  if (!parse_head(head)) return {Step::kMalformed, consumed};
  // An interim answer precedes the real one (RFC 9110 section 15.2).
  if (status_ < 200) return {Step::kNeedMore, consumed};
  if (to_head || status_ == 204 || status_ == 304 || (has_length_ && body_bytes_left_ == 0)) {
    return {Step::kAnswer, consumed};
  }
  state_ = has_length_ ? State::kBody : State::kBodyUntilClose;
  if (!has_length_) close_ = true;
  return {Step::kNeedMore, consumed};
}

AnswerParser::Progress AnswerParser::feed_body(std::string_view bytes) {
  if (state_ == State::kBodyUntilClose) return {Step::kNeedMore, bytes.size()};
  const std::uint64_t taken = std::min<std::uint64_t>(bytes.size(), body_bytes_left_);
  body_bytes_left_ -= taken;
  if (body_bytes_left_ != 0) return {Step::kNeedMore, taken};
  state_ = State::kHead;
  return {Step::kAnswer, taken};
}

bool AnswerParser::parse_head(std::string_view head) {
  has_length_ = false;
  body_bytes_left_ = 0;
  std::size_t line_end = head.find(kNewline);
  const std::string_view status_line = head.substr(0, line_end);
  status_ = parse_status_line(status_line);
  if (status_ == 0) return false;
  close_ = status_line[7] == '0';
  for (;;) {
    head.remove_prefix(line_end + kNewline.size());
    line_end = head.find(kNewline);
    if (line_end == 0) return true;
    if (!parse_header_line(head.substr(0, line_end))) return false;
  }
}

bool AnswerParser::parse_header_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view name = line.substr(0, colon);
  // By length first: most headers are none of the three.
  if (name.size() == 14 && equals_ignoring_case(name, "content-length")) {
    return parse_length(trim(line.substr(colon + 1)));
  }
  if (name.size() == 10 && equals_ignoring_case(name, "connection")) {
    const std::string_view value = line.substr(colon + 1);
    if (has_token(value, "close")) close_ = true;
    if (has_token(value, "keep-alive")) close_ = false;
  }
  return !(name.size() == 17 && equals_ignoring_case(name, "transfer-encoding"));
}

bool AnswerParser::parse_length(std::string_view value) {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (error != std::errc() || end != value.data() + value.size()) return false;
  if (has_length_ && length != body_bytes_left_) return false;
  has_length_ = true;
  body_bytes_left_ = length;
  return true;
}

}  // namespace pixel::load
