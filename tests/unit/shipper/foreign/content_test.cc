// SPDX-License-Identifier: Apache-2.0
#include "shipper/tail/foreign/content.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "shipper/encode/gzip_member.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

class ContentTest : public testing::Test {
 protected:
  std::unique_ptr<SegmentReader> content(std::string_view bytes) {
    const auto path = directory_.path() / "x";
    EXPECT_TRUE(base::write_file_atomic(path, bytes).ok());
    auto fd = std::make_shared<const base::UniqueFd>(base::open_file(path, O_RDONLY).value());
    const bool gzip = is_gzip(fd->get());
    return open_content(std::move(fd), gzip, path.string());
  }
  TemporaryDirectory directory_;
};

TEST_F(ContentTest, HashGoesOnFromAnyMark) {
  std::string text(3 * ContentHash::kBlockBytes + 12'345, 'x');
  for (std::size_t i = 0; i < text.size(); i += 97) text[i] = static_cast<char>('a' + i % 26);
  ContentHash whole;
  whole.update(text);
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{1}, ContentHash::kBlockBytes - 1, ContentHash::kBlockBytes,
        ContentHash::kBlockBytes + 1, 3 * ContentHash::kBlockBytes}) {
    ContentHash first;
    first.update(std::string_view(text).substr(0, length));
    ContentHash resumed(ContentMark{length, 0, first.chain(), first.digest()});
    resumed.update(std::string_view(text).substr(resumed.length()));
    EXPECT_EQ(resumed.digest(), whole.digest()) << length;
    EXPECT_EQ(resumed.chain(), whole.chain()) << length;
  }
}

TEST_F(ContentTest, CountsLinesAsTheLedgerDoes) {
  EXPECT_EQ(count_content_lines(""), 0U);
  EXPECT_EQ(count_content_lines("\n\n#x\n"), 0U);
  EXPECT_EQ(count_content_lines("a\n\nb"), 2U);
}

// vector: its checksum of the first line is the same for every CloudFront file, so all but one of
// them are passed over.
TEST_F(ContentTest, KeyIsTheFirstLineOfDataAndNotTheHeader) {
  const std::string header = "#Version: 1.0\n#Fields: date time\n";
  const auto a = survey(*content(header + "one\n"), {});
  const auto b = survey(*content(header + "two\n"), {});
  const auto c = survey(*content("one\nthree\n"), {});
  ASSERT_TRUE(a->key && b->key && c->key);
  EXPECT_NE(*a->key, *b->key);
  EXPECT_EQ(*a->key, *c->key);
  EXPECT_FALSE(survey(*content(header), {})->key);
  EXPECT_FALSE(survey(*content(header + "begun"), {})->key);
  SurveyRequest to_end;
  to_end.to_end = true;
  EXPECT_TRUE(survey(*content(header + "begun"), to_end)->key);
}

TEST_F(ContentTest, CompressedAndPlainAreTheSameContent) {
  std::string text = "#Version: 1.0\n";
  for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + "\n";
  SurveyRequest request;
  request.lengths = [](std::uint64_t) { return std::vector<std::uint64_t>{14, 1'000'000}; };
  const auto plain = survey(*content(text), request);
  const auto packed = survey(*content(gzip_member(text).value()), request);
  EXPECT_EQ(plain->mark, packed->mark);
  EXPECT_EQ(plain->mark.lines, 100'000U);
  EXPECT_EQ(plain->digests, packed->digests);
  EXPECT_EQ(plain->digests.size(), 2U);
}

TEST_F(ContentTest, EveryCutOfAGzipIsNotWhole) {
  const std::string whole = gzip_member("#Version: 1.0\nfirst line\nsecond line\n").value();
  for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
    const auto found = survey(*content(std::string_view(whole).substr(0, bytes)), {});
    ASSERT_TRUE(found.ok());
    EXPECT_FALSE(found->is_whole) << bytes;
  }
  EXPECT_TRUE(survey(*content(whole), {})->is_whole);
}

TEST_F(ContentTest, HeadCoversFourKilobytesBehindTheHeader) {
  const std::string header(500, '#');
  std::string text = header + "\n" + std::string(5000, 'x') + "\n";
  const auto head = survey(*content(text), {})->head;
  EXPECT_EQ(head.bytes, 501U + 4096U);
  text[501 + 4095] = 'y';
  EXPECT_FALSE(has_head(*content(text), head));
  text[501 + 4095] = 'x';
  text[501 + 4096] = 'y';
  EXPECT_TRUE(has_head(*content(text), head));
  EXPECT_FALSE(has_head(*content(text.substr(0, 4000)), head));
}

TEST_F(ContentTest, HeadGrowsOnlyWithTheContentThatItBegan) {
  const auto head = survey(*content("one\ntwo\n"), {})->head;
  EXPECT_EQ(head.bytes, 8U);
  const auto grown = grown_head(*content("one\ntwo\nthree\nfo"), head, 14);
  EXPECT_EQ(grown, survey(*content("one\ntwo\nthree\n"), {})->head);
  EXPECT_FALSE(grown_head(*content("One\ntwo\nthree\n"), head, 14));
  EXPECT_FALSE(grown_head(*content("one\ntwo\n"), head, 14));
  EXPECT_FALSE(grown_head(*content(""), head, 14));
}

// Truncated as soon as its lines were read: a head of the empty file would fit every other content.
class TruncatedAfterReading : public SegmentReader {
 public:
  explicit TruncatedAfterReading(std::string text) : text_(std::move(text)) {}
  base::Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) override {
    const std::size_t bytes =
        offset < text_.size() ? text_.copy(buffer.data(), buffer.size(), offset) : 0;
    text_.clear();
    return bytes;
  }

 private:
  std::string text_;
};

TEST_F(ContentTest, HeadIsOfTheBytesThatWereReadWhateverTheFileBecame) {
  TruncatedAfterReading file("one\ntwo\n");
  const auto found = survey(file, {});
  EXPECT_EQ(found->mark.length, 8U);
  EXPECT_EQ(found->head, survey(*content("one\ntwo\n"), {})->head);
  EXPECT_FALSE(has_head(file, found->head));
}

TEST_F(ContentTest, GrowthIsReadOnlyFromTheContentOfTheMark) {
  const auto before = survey(*content("one\ntwo\n"), {});
  std::optional<ContentHash> hash;
  const auto grown = read_growth(*content("one\ntwo\nthree\nfo"), before->mark, hash, false);
  ASSERT_TRUE(grown.ok());
  EXPECT_EQ(grown->mark.length, 14U);
  EXPECT_EQ(grown->mark.lines, 3U);
  EXPECT_EQ(grown->mark, survey(*content("one\ntwo\nthree\n"), {})->mark);
  hash.reset();
  const auto other = read_growth(*content("One\ntwo\nthree\n"), before->mark, hash, false);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().message, "");
}

}  // namespace
}  // namespace pixel::shipper
