// SPDX-License-Identifier: Apache-2.0
// Reads the answers of one connection from whatever pieces arrive (RFC 9112 section 6): an answer
// counts when its last byte is here. HOT; allocates only for a head that arrives in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/pixel_load/answer_memo.h"

namespace pixel::load {

class AnswerParser {
 public:
  /// Longer heads are malformed.
  static constexpr std::size_t kHeadBytesMax = 64 * 1024;

  enum class Step : std::uint8_t {
    kNeedMore,   // All bytes were consumed; no answer is complete.
    kAnswer,     // status() and close() speak of it; bytes after `consumed` are the next one's.
    kMalformed,  // Not HTTP/1.x as we know it; the connection is of no more use.
  };
  struct Progress {
    Step step;
    std::size_t consumed;
  };

  /// `to_head`: the answer is to a HEAD request and has no body whatever its headers say; the same
  /// for all users of `memo`.
  Progress feed(std::string_view bytes, bool to_head, AnswerMemo& memo);
  /// The peer closed. kAnswer when that ended a body without a length; kNeedMore when nothing of
  /// an answer had arrived; kMalformed when one was cut.
  Step finish() noexcept;
  /// Begins anew on another connection; keeps its memory.
  void reset() noexcept;

  unsigned status() const noexcept { return status_; }
  /// The connection ends with this answer; false before the first one.
  bool close() const noexcept { return close_; }

 private:
  enum class State : std::uint8_t { kHead, kBody, kBodyUntilClose };
  Progress feed_whole(std::string_view bytes, bool to_head, AnswerMemo& memo);
  Progress feed_head(std::string_view bytes, bool to_head);
  Progress begin_body(std::string_view head, std::size_t consumed, bool to_head);
  Progress feed_body(std::string_view bytes);
  bool parse_head(std::string_view head);
  bool parse_header_line(std::string_view line);
  bool parse_length(std::string_view value);

  std::string partial_head_;
  std::uint64_t body_bytes_left_ = 0;
  unsigned status_ = 0;
  State state_ = State::kHead;
  bool has_length_ = false;
  bool close_ = false;
};

}  // namespace pixel::load
