// SPDX-License-Identifier: Apache-2.0
#include "shipper/tail/gzip_reader.h"

#include <gtest/gtest.h>
#include <isa-l/igzip_lib.h>

#include "shipper/tail/catalogue.h"
#include "shipper/tail/follower.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

std::string gzip(std::string text) {
  std::string out(text.size() + 1024, '\0');
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  stream.next_in = reinterpret_cast<std::uint8_t*>(text.data());
  stream.avail_in = static_cast<std::uint32_t>(text.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = static_cast<std::uint32_t>(out.size());
  EXPECT_EQ(isal_deflate_stateless(&stream), COMP_OK);
  out.resize(out.size() - stream.avail_out);
  return out;
}

class GzipReaderTest : public testing::Test {
 protected:
  GzipReader reader_of(std::string_view compressed) {
    const auto path = directory_.path() / "x.gz";
    EXPECT_TRUE(base::write_file_atomic(path, compressed).ok());
    return GzipReader(base::open_file(path, O_RDONLY).value(), path);
  }
  static std::string read(GzipReader& reader, std::uint64_t offset, std::size_t bytes) {
    std::string buffer(bytes, '\0');
    const auto got = reader.read_at(offset, {buffer.data(), buffer.size()});
    if (!got) return "error: " + got.error().message.substr(0, 7);
    return buffer.substr(0, *got);
  }
  TemporaryDirectory directory_;
};

TEST_F(GzipReaderTest, ReadsForwardBackwardAndAcrossMembers) {
  GzipReader reader = reader_of(gzip("hello ") + gzip("") + gzip("world\n"));
  EXPECT_EQ(read(reader, 0, 100), "hello world\n");
  EXPECT_EQ(read(reader, 12, 100), "");
  EXPECT_EQ(read(reader, 4, 3), "o w");
  EXPECT_EQ(read(reader, 2, 3), "llo");
}

TEST_F(GzipReaderTest, EveryCutIsAnErrorAfterTheGoodBytes) {
  const std::string whole = gzip(numbered_line(1) + numbered_line(2));
  for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
    GzipReader reader = reader_of(std::string_view(whole).substr(0, bytes));
    std::uint64_t offset = 0;
    std::string part;
    while (!(part = read(reader, offset, 4096)).empty() && !part.starts_with("error")) {
      offset += part.size();
    }
    EXPECT_TRUE(part.starts_with("error")) << bytes;
  }
}

TEST_F(GzipReaderTest, DamageIsAnError) {
  std::string damaged = gzip(numbered_line(1));
  damaged[0] = 'x';
  GzipReader reader = reader_of(damaged);
  EXPECT_EQ(read(reader, 0, 100), "error: not val");
}

TEST_F(GzipReaderTest, FollowerTakesUpACompressedSegmentInTheMiddle) {
  const auto& spool = directory_.path();
  SpoolWriter writer(spool, test_lane());
  for (std::uint64_t i = 0; i < 5; ++i) writer.append(numbered_line(i));
  writer.finish();
  const auto plain = base::read_file(writer.sealed_path(0)).value();
  const auto compressed = gzip(plain);
  ASSERT_TRUE(
      base::write_file_atomic(
          spool / "sealed" / writer.sealed_name(0, logfmt::SealedName::Type::kCompressedData),
          compressed)
          .ok());
  std::filesystem::remove(writer.sealed_path(0));
  Catalogue catalogue(spool);
  FileStore store(spool);
  Checkpoint checkpoint;
  const std::uint64_t middle = logfmt::kAccessHeader.size() + 2 * numbered_line(0).size();
  checkpoint.lanes[test_lane()] = {0, middle};
  Follower follower(store, checkpoint);
  ASSERT_TRUE(catalogue.scan().ok());
  const auto chunk = follower.next(*catalogue.snapshot(), 0);
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(chunk->offset, middle);
  EXPECT_EQ(chunk->text, numbered_line(2) + numbered_line(3) + numbered_line(4));
  follower.consume(chunk->text.size());
  EXPECT_FALSE(follower.next(*catalogue.snapshot(), 0).has_value());
}

}  // namespace
}  // namespace pixel::shipper
