// SPDX-License-Identifier: Apache-2.0
// Names of partitions and files: one spelling each, and nothing else is ours.
#include "shipper/sinks/lake/lake_layout.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper::lake {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;

TEST(LakeLayout, HoursOfTimes) {
  EXPECT_EQ(hour_of(0), 0);
  EXPECT_EQ(hour_of(kHour - 1), 0);
  EXPECT_EQ(hour_of(kHour), 1);
  EXPECT_EQ(hour_of(-1), -1);
  EXPECT_EQ(hour_of(-kHour), -1);
  EXPECT_EQ(hour_of(-kHour - 1), -2);
}

TEST(LakeLayout, PartitionsAreHours) {
  EXPECT_EQ(partition_name("requests", hour_of(testing::kNoonUs)),
            "requests/date=2026-11-20/hour=18");
  EXPECT_EQ(partition_name("requests", 0), "requests/date=1970-01-01/hour=00");
  EXPECT_EQ(partition_name("requests", -1), "requests/date=1969-12-31/hour=23");
}

TEST(LakeLayout, FileNamesReadBack) {
  const std::string name = file_name(123, "89abcdef01234567", 2);
  EXPECT_EQ(name, "0000000123-89abcdef01234567-L2.parquet");
  const auto file = parse_file_name(name);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->number, 123U);
  EXPECT_EQ(file->level, 2U);
  EXPECT_EQ(file->name, name);
  for (const char* foreign :
       {"", "x.parquet", "0000000123-89abcdef01234567-L.parquet",
        "0000000123-89abcdef01234567-L2.parquet.tmp", "0000000123-89abcdef01234567-X2.parquet",
        "000000012x-89abcdef01234567-L2.parquet", "0000000123_89abcdef01234567-L2.parquet",
        "0000000123-89abcdef01234567-L-2.parquet"}) {
    EXPECT_FALSE(parse_file_name(foreign)) << foreign;
  }
}

TEST(LakeLayout, ScanFindsOurFilesOnly) {
  const testing::TemporaryDirectory directory;
  const auto folder = directory.path() / "requests" / "date=2026-11-20" / "hour=18";
  std::filesystem::create_directories(folder);
  std::filesystem::create_directories(directory.path() / "other");
  std::ofstream(folder / file_name(2, "89abcdef01234567", 0)) << "12345";
  std::ofstream(folder / file_name(1, "89abcdef01234567", 1)) << "1";
  std::ofstream(folder / "README") << "x";
  const auto index = scan_files(directory.path());
  ASSERT_TRUE(index);
  ASSERT_EQ(index->size(), 1U);
  const auto& files = index->at("requests/date=2026-11-20/hour=18");
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].number, 1U);
  EXPECT_EQ(files[1].bytes, 5U);
}

}  // namespace
}  // namespace pixel::shipper::lake
