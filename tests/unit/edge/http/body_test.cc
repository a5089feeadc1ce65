// SPDX-License-Identifier: Apache-2.0
// The table of chunked bodies, whole and in every two and three pieces, in place and between guard
// pages; then the limits, each at its byte.
#include "edge/http/body.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "tests/unit/edge/http/body_cases.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

constexpr std::uint32_t kBodyMax = 4096;

struct Decoded {
  BodyResult result;  // consumed_bytes of all pieces.
  std::string body;
};

// The pieces lie in one guarded block, as received, and the body grows at its front: what a
// connection's buffer does. What is not given yet is not there yet.
Decoded decode_in_place(std::string_view bytes, const std::vector<std::size_t>& cuts,
                        std::uint32_t body_bytes_max, logfmt::GuardedText& guarded) {
  const std::string blank(bytes.size(), '?');
  char* const block = const_cast<char*>(guarded.set(blank).data());
  ChunkProgress progress;
  Decoded decoded;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t end = i < cuts.size() ? cuts[i] : bytes.size();
    bytes.copy(block + begin, end - begin, begin);
    const BodyResult part =
        decode_chunks({block + begin, end - begin}, block, body_bytes_max, progress);
    decoded.result = part;
    decoded.result.consumed_bytes += static_cast<std::uint32_t>(begin);
    if (part.status != BodyStatus::kIncomplete) break;
    EXPECT_EQ(part.consumed_bytes, end - begin);
    begin = end;
  }
  decoded.body.assign(block, progress.decoded_bytes);
  return decoded;
}

std::string describe(std::string_view bytes, const Decoded& decoded) {
  switch (decoded.result.status) {
    case BodyStatus::kIncomplete:
      return "incomplete";
    case BodyStatus::kRefused:
      return std::to_string(refusal_status(decoded.result.refusal)) + " " +
             std::string(refusal_name(decoded.result.refusal));
    case BodyStatus::kComplete:
      break;
  }
  const std::string_view rest = bytes.substr(decoded.result.consumed_bytes);
  return "complete " + decoded.body + (rest.empty() ? "" : ", then " + std::string(rest));
}

class BodyTest : public testing::Test {
 protected:
  Decoded decode(std::string_view bytes, const std::vector<std::size_t>& cuts = {},
                 std::uint32_t body_bytes_max = kBodyMax) {
    return decode_in_place(bytes, cuts, body_bytes_max, guarded_);
  }
  std::string describe_whole(std::string_view bytes, std::uint32_t body_bytes_max = kBodyMax) {
    return describe(bytes, decode(bytes, {}, body_bytes_max));
  }
  void expect_same(std::string_view bytes, const Decoded& whole,
                   const std::vector<std::size_t>& cuts) {
    const Decoded cut = decode(bytes, cuts);
    ASSERT_EQ(cut.result.status, whole.result.status);
    ASSERT_EQ(cut.result.refusal, whole.result.refusal);
    ASSERT_EQ(cut.result.consumed_bytes, whole.result.consumed_bytes);
    ASSERT_EQ(cut.body, whole.body);
  }

 private:
  logfmt::GuardedText guarded_{1 << 18};
};

TEST_F(BodyTest, EveryCaseSaysWhatItsRowSays) {
  std::set<std::string_view> names;
  for (const Case& one : kBodyCases) {
    EXPECT_EQ(describe_whole(one.bytes), one.expected) << one.name;
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
  }
}

TEST_F(BodyTest, EveryTwoAndThreePiecesSayTheSame) {
  for (const Case& one : kBodyCases) {
    SCOPED_TRACE(std::string(one.name));
    const Decoded whole = decode(one.bytes);
    for (std::size_t first = 0; first <= one.bytes.size(); ++first) {
      for (std::size_t second = first; second <= one.bytes.size(); ++second) {
        expect_same(one.bytes, whole, {first, second});
      }
    }
  }
}

TEST_F(BodyTest, ByteByByteSaysTheSame) {
  for (const Case& one : kBodyCases) {
    SCOPED_TRACE(std::string(one.name));
    std::vector<std::size_t> cuts;
    for (std::size_t at = 1; at < one.bytes.size(); ++at) cuts.push_back(at);
    expect_same(one.bytes, decode(one.bytes), cuts);
  }
}

TEST_F(BodyTest, APrefixIsIncompleteUntilTheAnswer) {
  for (const Case& one : kBodyCases) {
    const Decoded whole = decode(one.bytes);
    if (whole.result.status == BodyStatus::kIncomplete) continue;
    for (std::size_t size = 0; size <= one.bytes.size(); ++size) {
      const Decoded prefix = decode(one.bytes.substr(0, size));
      const bool answered = size >= whole.result.consumed_bytes;
      ASSERT_EQ(prefix.result.status, answered ? whole.result.status : BodyStatus::kIncomplete)
          << one.name << " cut at " << size;
    }
  }
}

TEST_F(BodyTest, EveryByteValueOfASizeAndBehindIt) {
  const std::string_view digits = "0123456789abcdefABCDEF";
  for (unsigned value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    const bool is_digit = digits.find(byte) != std::string_view::npos;
    EXPECT_EQ(describe_whole({&byte, 1}), is_digit ? "incomplete" : "400 bad_chunk") << value;
    const std::string second = std::string("1") + byte;
    const bool fits = is_digit || byte == ';' || byte == '\r';
    EXPECT_EQ(describe_whole(second), fits ? "incomplete" : "400 bad_chunk") << value;
  }
}

std::string chunk(std::string_view data, std::string_view extension = "") {
  char size[17];
  std::snprintf(size, sizeof(size), "%zx", data.size());
  return std::string(size) + std::string(extension) + "\r\n" + std::string(data) + "\r\n";
}

TEST_F(BodyTest, ABodyOfExactlyTheLimit) {
  const std::string full = chunk(std::string(100, 'a')) + chunk(std::string(156, 'b'));
  EXPECT_EQ(describe_whole(full + "0\r\n\r\n", 256).substr(0, 10), "complete a");
  EXPECT_EQ(describe_whole(full + chunk("c"), 256), "413 body_too_large");
  EXPECT_EQ(describe_whole(full + "0\r\n\r\n", 255), "413 body_too_large");
  EXPECT_EQ(describe_whole("1\r\na", 0), "413 body_too_large");
  EXPECT_EQ(describe_whole("0\r\n\r\n", 0), "complete ");
}

TEST_F(BodyTest, TooLargeIsSaidBeforeAnyOfTheDataComes) {
  EXPECT_EQ(describe_whole("101\r\n", 256), "413 body_too_large");
  EXPECT_EQ(describe_whole("100\r\n", 256), "incomplete");
}

TEST_F(BodyTest, AChunkLineOfExactlyTheLimit) {
  const std::string extension = ";" + std::string(kChunkLineBytesMax - 2, 'e');
  EXPECT_EQ(describe_whole("1" + extension + "\r\na\r\n0\r\n\r\n"), "complete a");
  EXPECT_EQ(describe_whole("1" + extension + "e\r\na\r\n0\r\n\r\n"), "400 bad_chunk");
  EXPECT_EQ(describe_whole("1;" + std::string(10'000, 'e')), "400 bad_chunk");
  const Decoded endless = decode("1;" + std::string(10'000, 'e'));
  EXPECT_LE(endless.result.consumed_bytes, kChunkLineBytesMax + 3);
}

TEST_F(BodyTest, TrailersOfExactlyTheLimit) {
  const auto body_with = [](std::size_t trailer_bytes) {
    return "0\r\nA:" + std::string(trailer_bytes - 4, 'v') + "\r\n\r\n";
  };
  EXPECT_EQ(describe_whole(body_with(kTrailerBytesMax)), "complete ");
  EXPECT_EQ(describe_whole(body_with(kTrailerBytesMax + 1)), "400 bad_chunk");
  std::string many = "0\r\n";
  for (int i = 0; i < 10'000; ++i) many += "A:b\r\n";
  EXPECT_EQ(describe_whole(many), "400 bad_chunk");
}

TEST_F(BodyTest, ChunksOfOneByteAreNeverTooMuchFraming) {
  std::string bytes;
  for (int i = 0; i < 4096; ++i) bytes += chunk("x");
  EXPECT_EQ(describe_whole(bytes + "0\r\n\r\n"), "complete " + std::string(4096, 'x'));
}

TEST_F(BodyTest, ExtensionsAreTooMuchFramingInTheEnd) {
  const std::string one = chunk("x", ";" + std::string(200, 'e'));
  std::string bytes;
  for (std::size_t i = 0; i < 1000; ++i) bytes += one;
  const Decoded decoded = decode(bytes);
  EXPECT_EQ(decoded.result.status, BodyStatus::kRefused);
  EXPECT_EQ(decoded.result.refusal, Refusal::kBadChunk);
  EXPECT_LE(decoded.result.consumed_bytes, kFramingBytesMax + decoded.body.size() * 9 + 1);
  EXPECT_GE(decoded.result.consumed_bytes, kFramingBytesMax);
}

// Random bodies in random chunks and random pieces come out as they went in.
TEST_F(BodyTest, WhatIsPutInComesOut) {
  base::Prng prng(9112);
  for (int round = 0; round < 2000; ++round) {
    std::string body;
    std::string bytes;
    for (std::uint64_t left = prng.below(8); left > 0; --left) {
      std::string data(1 + prng.below(prng.below(4) == 0 ? 500 : 9), '\0');
      for (char& byte : data) byte = static_cast<char>(prng.below(256));
      body += data;
      bytes += chunk(data, prng.below(3) == 0 ? ";a=\"b\\\"\"" : "");
    }
    bytes += prng.below(2) == 0 ? "0\r\n\r\n" : "0;z\r\nA: b\r\n\r\n";
    const std::size_t bytes_of_body = bytes.size();
    bytes += "GET /";
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0; (at += prng.below(40)) < bytes.size();) cuts.push_back(at);
    const Decoded decoded = decode(bytes, cuts);
    ASSERT_EQ(decoded.result.status, BodyStatus::kComplete);
    ASSERT_EQ(decoded.result.consumed_bytes, bytes_of_body);
    ASSERT_EQ(decoded.body, body);
  }
}

}  // namespace
}  // namespace pixel::edge::test
