// SPDX-License-Identifier: Apache-2.0
// recognise_header: every name of the list in any case, and nothing that is not on it.
#include "edge/http/header_fields.h"

#include <gtest/gtest.h>

#include <cctype>
#include <string>

namespace pixel::edge::test {
namespace {

using header_detail::kKnownNames;
using header_detail::KnownName;

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& byte : result) {
    byte = static_cast<char>(std::toupper(static_cast<unsigned char>(byte)));
  }
  return result;
}

TEST(RecogniseHeader, EveryKnownNameInAnyCase) {
  for (const KnownName& known : kKnownNames) {
    EXPECT_EQ(recognise_header(known.name), known.header) << known.name;
    EXPECT_EQ(recognise_header(upper(known.name)), known.header) << known.name;
  }
}

// Each byte by its neighbour, one too few and one too many.
TEST(RecogniseHeader, NothingElse) {
  for (const KnownName& known : kKnownNames) {
    for (std::size_t at = 0; at < known.name.size(); ++at) {
      std::string other(known.name);
      other[at] = other[at] == '-' ? '.' : static_cast<char>(other[at] ^ 1);
      EXPECT_EQ(recognise_header(other), HeaderName::kOther) << other;
    }
    const std::string shorter(known.name.substr(1));
    EXPECT_EQ(recognise_header(shorter), HeaderName::kOther) << shorter;
    const std::string longer = "x" + std::string(known.name);
    EXPECT_EQ(recognise_header(longer), HeaderName::kOther) << longer;
  }
}

}  // namespace
}  // namespace pixel::edge::test
