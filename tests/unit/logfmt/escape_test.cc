// SPDX-License-Identifier: Apache-2.0
// escape(): each rule byte by byte against a table written out here, and each vector variant
// against a plain loop over that table.
#include "logfmt/escape.h"
#include "logfmt/unescape.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/prng.h"
#include "guarded_text.h"
#include "logfmt/escape_variants.h"

namespace pixel::logfmt {
namespace {

struct Variant {
  const char* name;
  char* (*run)(std::string_view, char*) noexcept;
};

std::vector<Variant> variants() {
  std::vector<Variant> list{{"dispatched", escape}, {"scalar", escape_scalar}};
#if PIXEL_X86_64
  list.push_back({"sse2", escape_sse2});
  if (base::cpu_has_avx2()) list.push_back({"avx2", escape_avx2});
  if (base::cpu_has_avx512()) list.push_back({"avx512", escape_avx512});
#endif
  return list;
}

// Kept apart from the implementation's tables: the 16 of the documentation, with their codes.
std::string reference(std::string_view raw) {
  const std::pair<char, const char*> named[] = {
      {'<', "%3C"}, {'>', "%3E"}, {'"', "%22"},  {'#', "%23"}, {'%', "%25"}, {'{', "%7B"},
      {'}', "%7D"}, {'|', "%7C"}, {'\\', "%5C"}, {'^', "%5E"}, {'~', "%7E"}, {'[', "%5B"},
      {']', "%5D"}, {'`', "%60"}, {'\'', "%27"}, {' ', "%20"}};
  std::string out;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    std::string text(1, c);
    for (const auto& [from, to] : named) {
      if (c == from) text = to;
    }
    if (byte < 32 || byte >= 127) {
      char code[8];
      std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(byte));
      text = code;
    }
    out += text;
  }
  return out;
}

// The promise about `out`: what is written lies within 3 n + slack.
std::string run(const Variant& variant, std::string_view raw) {
  constexpr char kFence = '\x5A';
  std::vector<char> out(kEscapeGrowth * raw.size() + kEscapeSlackBytes + 32, kFence);
  char* const end = variant.run(raw, out.data());
  for (std::size_t i = out.size() - 32; i < out.size(); ++i) {
    EXPECT_EQ(out[i], kFence) << variant.name << " scribbled beyond the slack";
  }
  return std::string(out.data(), end);
}

TEST(Escape, EveryByteValue) {
  for (const Variant& variant : variants()) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::string raw(1, static_cast<char>(byte));
      EXPECT_EQ(run(variant, raw), reference(raw)) << variant.name << " byte " << byte;
    }
  }
}

TEST(Escape, EveryByteValueInEveryPlaceOfAVector) {
  for (const Variant& variant : variants()) {
    for (std::size_t place = 0; place < 64; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string raw(64, 'x');
        raw[place] = static_cast<char>(byte);
        ASSERT_EQ(run(variant, raw), reference(raw)) << variant.name << ' ' << place << ' ' << byte;
      }
    }
  }
}

TEST(Escape, EveryPairOfPlaces) {
  for (const Variant& variant : variants()) {
    for (const std::size_t bytes : {15U, 33U, 47U, 64U, 65U, 97U}) {
      for (std::size_t a = 0; a < bytes; ++a) {
        for (std::size_t b = a; b < bytes; ++b) {
          std::string raw(bytes, 'a');
          raw[a] = '%';
          raw[b] = ' ';
          ASSERT_EQ(run(variant, raw), reference(raw)) << variant.name << ' ' << a << ' ' << b;
        }
      }
    }
  }
}

TEST(Escape, RandomTextsOfEveryLengthBeforeAGuardPage) {
  base::Prng prng(1);
  GuardedText guarded(256);
  for (std::size_t bytes = 0; bytes <= 200; ++bytes) {
    for (int round = 0; round < 20; ++round) {
      std::string raw(bytes, '\0');
      const std::uint64_t special_in_8 = prng.below(9);
      for (char& c : raw) {
        c = prng.chance(special_in_8, 8) ? static_cast<char>(prng.below(256))
                                         : static_cast<char>('a' + prng.below(26));
      }
      const std::string expected = reference(raw);
      const std::string_view copy = guarded.set(raw);
      for (const Variant& variant : variants()) {
        ASSERT_EQ(run(variant, copy), expected) << variant.name << " bytes " << bytes;
      }
    }
  }
}

TEST(Escape, PercentIsEncodedOnceMore) {
  char out[64 + kEscapeSlackBytes];
  EXPECT_EQ(std::string(out, escape("a=%7B1%7d", out)), "a=%257B1%257d");
}

TEST(Escape, ParenthesesAndSeparatorsStay) {
  const std::string raw = "!$&()*+,-./0123456789:;=?@ABCXYZ_abcxyz";
  char out[256];
  EXPECT_EQ(std::string(out, escape(raw, out)), raw);
}

TEST(Unescape, IsTheInverseOfEscape) {
  std::string raw;
  for (int i = 0; i < 1024; ++i) raw += static_cast<char>(i * 7);
  std::vector<char> out(kEscapeGrowth * raw.size() + kEscapeSlackBytes);
  EXPECT_EQ(unescape({out.data(), escape(raw, out.data())}), raw);
}

TEST(Unescape, WhatIsNoCodeStays) {
  EXPECT_EQ(unescape(""), "");
  EXPECT_EQ(unescape("%"), "%");
  EXPECT_EQ(unescape("a%"), "a%");
  EXPECT_EQ(unescape("%4"), "%4");
  EXPECT_EQ(unescape("%4g%g4%%41"), "%4g%g4%A");
  EXPECT_EQ(unescape("%41%6a%6A%00"), std::string("Ajj\0", 4));
  EXPECT_EQ(unescape("%2541"), "%41") << "decodes once";
}

TEST(Unescape, AppendsToWhatIsThere) {
  std::string out = "x";
  unescape_append("%20y", out);
  unescape_append("", out);
  EXPECT_EQ(out, "x y");
}

}  // namespace
}  // namespace pixel::logfmt
