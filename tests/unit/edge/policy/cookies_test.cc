// SPDX-License-Identifier: Apache-2.0
// One cookie among others, at every cut of the header.
#include "edge/policy/cookies.h"

#include <gtest/gtest.h>

#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

constexpr std::string_view kNothing = "(nothing)";

struct CookieCase {
  std::string_view header;
  std::string_view value;  // Of the cookie "sp".
};

// clang-format off
constexpr CookieCase kCases[] = {
    {"", kNothing},
    {"sp=1", "1"},
    {"a=b; sp=1; c=d", "1"},
    {"a=b;sp=1;c=d", "1"},
    {"a=b;\t sp=1 \t; c=d", "1"},
    {"sp = 1", "1"},
    {"sp=", ""},
    {"sp=\"\"", ""},
    {"sp=\"1\"", "1"},
    {"sp=\"1", kNothing},            // A quote inside is no cookie-octet.
    {"sp=1\"", kNothing},
    {"sp=\"", kNothing},
    {"sp=\"\"1\"\"", kNothing},
    {"sp=a b", kNothing},
    {"sp=a,b", kNothing},
    {"sp=a\\b", kNothing},
    {"sp=\x01", kNothing},
    {"sp=\x7f", kNothing},
    {"sp=\xc3\xa4", kNothing},
    {"sp=a=b==", "a=b=="},
    {"sp=!#$%&'()*+-./:<=>?@[]^_`{|}~", "!#$%&'()*+-./:<=>?@[]^_`{|}~"},
    {"sp", kNothing},
    {"sp; x=1", kNothing},
    {"SP=1", kNothing},              // Names have a case.
    {"xsp=1", kNothing},
    {"spx=1", kNothing},
    {"sp.id=1; sp=2", "2"},
    {"sp=1; sp=2", "1"},
    {"sp=a b; sp=2", "2"},           // The first that is one.
    {"x={\"sp\":1, \"y\":2}; sp=3", "3"},
    {"x=\"a; sp=1\"; sp=2", "2"},      // ';' ends a pair also in quotes: sp=1" is no value.
    {";;; ; sp=1;;", "1"},
    {"=sp; =; sp=1", "1"},
    {"x=sp=1", kNothing},
};
// clang-format on

TEST(CookiesTest, EveryCase) {
  for (const CookieCase& one : kCases) {
    EXPECT_EQ(find_cookie(one.header, "sp").value_or(kNothing), one.value) << one.header;
  }
}

TEST(CookiesTest, APairOfTheNameIsThereWhateverItsValue) {
  EXPECT_TRUE(has_cookie("a=1; optout=true", "optout"));
  EXPECT_TRUE(has_cookie("optout=", "optout"));
  EXPECT_TRUE(has_cookie("optout=a b,\"", "optout"));
  EXPECT_FALSE(has_cookie("optout", "optout"));
  EXPECT_FALSE(has_cookie("a=optout=1", "optout"));
  EXPECT_FALSE(has_cookie("", "optout"));
}

TEST(CookiesTest, NoByteBeyondTheHeaderIsRead) {
  logfmt::GuardedText guarded(256);
  for (const CookieCase& one : kCases) {
    for (std::size_t cut = 0; cut <= one.header.size(); ++cut) {
      const std::string_view header = guarded.set(one.header.substr(0, cut));
      const auto found = find_cookie(header, "sp");
      if (!found) continue;
      EXPECT_TRUE(has_cookie(header, "sp"));
      EXPECT_GE(found->data(), header.data());
      EXPECT_LE(found->data() + found->size(), header.data() + header.size());
    }
  }
}

}  // namespace
}  // namespace pixel::edge::test
