// SPDX-License-Identifier: Apache-2.0
// Base64: the vectors of RFC 4648, every length, both alphabets, and what is none.
#include "edge/events/base64.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/prng.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge {
namespace {

std::string encode(std::string_view raw) {
  std::string out(base64_bytes(raw.size()), '\0');
  EXPECT_EQ(encode_base64(raw, out.data()), out.data() + out.size());
  return out;
}

std::optional<std::string> decode(std::string_view text) {
  logfmt::GuardedText guard(text.size());
  std::string out(text.size() / 4 * 3 + 2, '\0');
  const auto bytes = decode_base64(guard.set(text), out.data());
  if (!bytes) return std::nullopt;
  EXPECT_LE(*bytes, out.size());
  out.resize(*bytes);
  return out;
}

TEST(Base64, VectorsOfTheStandard) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [raw, text] : cases) {
    EXPECT_EQ(encode(raw), text);
    EXPECT_EQ(decode(text), raw);
  }
}

TEST(Base64, GoesRoundInBothAlphabetsAndWithoutPadding) {
  base::Prng prng(7);
  for (int round = 0; round < 5000; ++round) {
    std::string raw(prng.below(50), '\0');
    for (char& c : raw) c = static_cast<char>(prng.below(256));
    std::string text = encode(raw);
    EXPECT_EQ(decode(text), raw);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    EXPECT_EQ(decode(text), raw);
    text.erase(std::min(text.find('='), text.size()));
    EXPECT_EQ(decode(text), raw);
  }
}

TEST(Base64, WhatIsNone) {
  for (const char* text : {"Z", "Zm9vY", "Zg=", "Z===", "=", "====", "Zg==Zg==", "Zm 9", "Zm9v\n",
                           "Zm9.", "Zm=9", "\xC3\xBC=="}) {
    EXPECT_FALSE(decode(text)) << text;
  }
}

}  // namespace
}  // namespace pixel::edge
