// SPDX-License-Identifier: Apache-2.0
// A request's bytes with placeholders: {seq} {rand:N} {pick:x|y|z} {uuid} {time_ms}; "{{" and "}}"
// are the braces themselves. Parsed once (COLD), expanded per request (HOT). Immutable when made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "base/result.h"

namespace pixel::load {

class RequestTemplate {
 public:
  /// An error names the placeholder that is not one.
  static base::Result<RequestTemplate> parse(std::string_view text);

  /// Appends one request. {seq} is `seq` wherever it stands; the others are drawn for each place.
  void append(std::uint64_t seq, base::Prng& random, std::string& out) const;

 private:
  enum class Kind : std::uint8_t { kText, kSeq, kRandom, kPick, kUuid, kTimeMs };
  struct Piece {
    Kind kind = Kind::kText;
    std::string text;
    std::uint64_t bound = 0;
    std::vector<std::string> choices;
  };
  static base::Result<Piece> parse_placeholder(std::string_view name);
  void append_text(char c);

  std::vector<Piece> pieces_;
};

}  // namespace pixel::load
