// SPDX-License-Identifier: Apache-2.0
#include "tools/pixel_load/answer_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pixel::load {
namespace {

using Step = AnswerParser::Step;

struct Outcome {
  std::vector<unsigned> statuses;
  std::vector<bool> closes;
  bool malformed = false;
  Step at_end = Step::kNeedMore;
  bool operator==(const Outcome&) const = default;
};

// Feeds the pieces as they arrive, then the peer's close.
Outcome parse(const std::vector<std::string_view>& pieces, bool to_head = false) {
  AnswerParser parser;
  AnswerMemo memo;
  Outcome outcome;
  for (std::string_view piece : pieces) {
    const std::string copy(piece);  // Of its own, so that reading past its end is found.
    piece = copy;
    while (!piece.empty() && !outcome.malformed) {
      const auto progress = parser.feed(piece, to_head, memo);
      EXPECT_LE(progress.consumed, piece.size());
      piece.remove_prefix(progress.consumed);
      outcome.malformed = progress.step == Step::kMalformed;
      if (progress.step != Step::kAnswer) continue;
      outcome.statuses.push_back(parser.status());
      outcome.closes.push_back(parser.close());
    }
  }
  outcome.at_end = parser.finish();
  return outcome;
}

const std::string kPixel =
    "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: image/gif\r\nContent-Length: 43\r\n"
    "Connection: keep-alive\r\n\r\n" +
    std::string(43, 'g');
const std::string kEmpty = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
const std::string kInterim = "HTTP/1.1 100 Continue\r\n\r\n";
const std::string kRefusal = "HTTP/1.1 503 \r\ncontent-LENGTH:0\r\nconnection: Close\r\n\r\n";
const std::string kUntilClose = "HTTP/1.0 404 Not Found\r\n\r\nnothing here";

TEST(AnswerParser, EverySplitInTwoAndByteByByte) {
  const std::string stream = kPixel + kInterim + kPixel + kEmpty + kRefusal + kUntilClose;
  const Outcome whole = parse({stream});
  EXPECT_EQ(whole.statuses, (std::vector<unsigned>{200, 200, 204, 503}));
  EXPECT_EQ(whole.closes, (std::vector<bool>{false, false, true, true}));
  EXPECT_EQ(whole.at_end, Step::kAnswer);
  std::vector<std::string_view> bytes;
  for (std::size_t cut = 0; cut < stream.size(); ++cut) {
    const std::string_view view = stream;
    EXPECT_EQ(parse({view.substr(0, cut), view.substr(cut)}), whole) << cut;
    bytes.push_back(view.substr(cut, 1));
  }
  EXPECT_EQ(parse(bytes), whole);
}

TEST(AnswerParser, AnAnswerCutAnywhereIsNoAnswer) {
  for (std::size_t end = 0; end < kPixel.size(); ++end) {
    const Outcome cut = parse({std::string_view(kPixel).substr(0, end)});
    EXPECT_TRUE(cut.statuses.empty()) << end;
    EXPECT_EQ(cut.at_end, end == 0 ? Step::kNeedMore : Step::kMalformed) << end;
  }
}

TEST(AnswerParser, ToHeadThereIsNoBody) {
  const std::string head = kPixel.substr(0, kPixel.size() - 43);
  EXPECT_EQ(parse({head + head}, true).statuses, (std::vector<unsigned>{200, 200}));
}

TEST(AnswerParser, OldVersionClosesUnlessItSaysOtherwise) {
  EXPECT_TRUE(parse({"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"}).closes.at(0));
  EXPECT_FALSE(parse({"HTTP/1.0 200 OK\r\nConnection: x, Keep-Alive\r\nContent-Length: 0\r\n\r\n"})
                   .closes.at(0));
}

TEST(AnswerParser, RefusesWhatIsNoAnswer) {
  for (const char* text :
       {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 x\r\n\r\n", "HTTP/1.1 600 x\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: empty\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    EXPECT_TRUE(parse({text}).malformed) << text;
  }
}

TEST(AnswerParser, AHeadWithoutEndIsBounded) {
  AnswerParser parser;
  AnswerMemo memo;
  const std::string junk(4096, 'x');
  std::size_t fed = 0;
  while (parser.feed(junk, false, memo).step == Step::kNeedMore) {
    fed += junk.size();
    ASSERT_LE(fed, AnswerParser::kHeadBytesMax + junk.size());
  }
}

TEST(AnswerParser, ResetForgetsACutAnswer) {
  AnswerParser parser;
  AnswerMemo memo;
  parser.feed(std::string_view(kPixel).substr(0, 30), false, memo);
  parser.reset();
  EXPECT_EQ(parser.feed(kPixel, false, memo).step, Step::kAnswer);
  EXPECT_EQ(parser.status(), 200U);
}

TEST(AnswerParser, ARememberedAnswerIsReadTheSameInOtherCompany) {
  const std::string not_found = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
  const std::string prefix = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n";
  const Outcome outcome = parse({kPixel + kPixel + not_found, not_found + kPixel, kPixel, kPixel,
                                 prefix, "no", not_found + kEmpty});
  EXPECT_EQ(outcome.statuses,
            (std::vector<unsigned>{200, 200, 404, 404, 200, 200, 200, 404, 404, 204}));
  EXPECT_FALSE(outcome.malformed);
}

TEST(AnswerMemo, KeepsOnlyWhatIsWholeAndNotTooLong) {
  AnswerMemo memo;
  EXPECT_FALSE(memo.is_at(kPixel));
  memo.remember(kPixel, 200);
  EXPECT_TRUE(memo.is_at(kPixel + kEmpty));
  EXPECT_FALSE(memo.is_at(std::string_view(kPixel).substr(0, kPixel.size() - 1)));
  std::string other = kPixel;
  other.back() = 'h';
  EXPECT_FALSE(memo.is_at(other));
  memo.remember(std::string(AnswerMemo::kBytesMax + 1, 'x'), 200);
  EXPECT_TRUE(memo.is_at(kPixel));
}

TEST(AnswerMemo, AnswersThatEndTheConnectionAreNotRemembered) {
  AnswerParser parser;
  AnswerMemo memo;
  EXPECT_EQ(parser.feed(kEmpty, false, memo).step, Step::kAnswer);
  EXPECT_TRUE(parser.close());
  EXPECT_FALSE(memo.is_at(kEmpty));
}

}  // namespace
}  // namespace pixel::load
