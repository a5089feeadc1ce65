// SPDX-License-Identifier: Apache-2.0
#include "shipper/encode/gzip_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/prng.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/encode/text_pieces.h"

namespace pixel::shipper {
namespace {

std::string text_of(std::size_t bytes, std::uint64_t seed) {
  base::Prng prng(seed);
  std::string text;
  while (text.size() < bytes) {
    text += "2026-11-20\t18:52:0" + std::to_string(prng.below(10)) + "\t" +
            std::to_string(prng.next()) + "\t/p.gif\t200\n";
  }
  text.resize(bytes);
  return text;
}

std::string encoded(GzipEncoder& encoder, std::span<const std::string_view> pieces) {
  const auto member = encoder.encode(pieces);
  return member ? std::string(*member) : "no member";
}

TEST(GzipEncoder, EveryLengthAroundAWindowReadsBack) {
  GzipEncoder encoder;
  constexpr std::size_t window = 256 * 1024;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, window - 1, window, window + 1,
                                  2 * window, 9 * window + 17}) {
    const std::string text = text_of(bytes, bytes);
    const auto member = encoder.encode(text);
    ASSERT_TRUE(member.ok());
    EXPECT_EQ(gunzip(*member).value(), text) << bytes;
  }
}

// ISA-L's own output depends on where its input is cut.
TEST(GzipEncoder, TheSameTextIsTheSameMemberHoweverItIsCut) {
  base::Prng prng(7);
  GzipEncoder encoder;
  for (int round = 0; round < 20; ++round) {
    const std::string text = text_of(1 + prng.below(3'000'000), prng.next());
    const std::string_view whole = text;
    const std::string expected = encoded(encoder, {&whole, 1});
    std::vector<std::size_t> cuts = {0, text.size()};
    for (std::uint64_t i = prng.below(40); i > 0; --i) cuts.push_back(prng.below(text.size() + 1));
    std::sort(cuts.begin(), cuts.end());
    std::vector<std::string_view> pieces;
    for (std::size_t i = 1; i < cuts.size(); ++i) {
      pieces.push_back(whole.substr(cuts[i - 1], cuts[i] - cuts[i - 1]));
    }
    GzipEncoder other;
    ASSERT_EQ(encoded(other, pieces), expected) << round;
  }
}

TEST(GzipEncoder, NothingOfOneMemberIsInTheNext) {
  GzipEncoder used;
  ASSERT_TRUE(used.encode(text_of(1'000'000, 1)).ok());
  GzipEncoder fresh;
  const std::string text = text_of(70'000, 2);
  EXPECT_EQ(std::string(*used.encode(text)), std::string(*fresh.encode(text)));
}

TEST(TextPieces, NeighboursInMemoryBecomeOne) {
  const std::string text = "one two three";
  const std::string_view view = text;
  TextPieces pieces;
  pieces.append(view.substr(0, 4));
  pieces.append("");
  pieces.append(view.substr(4, 4));
  EXPECT_EQ(pieces.pieces().size(), 1U);
  pieces.append(view.substr(9));
  EXPECT_EQ(pieces.pieces().size(), 2U);
  EXPECT_EQ(pieces.bytes(), 12U);
  EXPECT_EQ(pieces.joined(), "one two hree");
}

}  // namespace
}  // namespace pixel::shipper
