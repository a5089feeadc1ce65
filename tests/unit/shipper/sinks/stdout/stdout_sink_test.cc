// SPDX-License-Identifier: Apache-2.0
#include "shipper/sinks/stdout/stdout_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>

#include "base/file.h"
#include "base/unique_fd.h"
#include "logfmt/format.h"
#include "shipper/batch/batcher.h"
#include "shipper/decode/columns.h"
#include "tests/unit/shipper/sinks/batch_maker.h"
#include "tests/unit/shipper/support/lines.h"

namespace pixel::shipper {
namespace {

constexpr logfmt::SegmentId kAccess{{logfmt::SegmentKind::kAccess, 1, 2, 3}, 0};

class StdoutSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    read_ = base::UniqueFd(ends[0]);
    write_ = base::UniqueFd(ends[1]);
  }
  StdoutOptions options() const {
    StdoutOptions options;
    options.name = "out";
    options.tables = {testing::table_of(testing::test_columns())};
    options.stall_timeout_ns = 20 * base::kMillisecondNs;
    return options;
  }
  // Up to `bytes`.
  std::string take(std::size_t bytes) {
    std::string text(bytes, '\0');
    const ssize_t got = ::read(read_.get(), text.data(), bytes);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }
  base::UniqueFd read_;
  base::UniqueFd write_;
};

TEST_F(StdoutSinkTest, OneObjectPerLine) {
  const auto sink = make_stdout_sink(options(), write_.get());
  EXPECT_FALSE(sink->traits().keeps_checkpoint);
  ASSERT_EQ(testing::deliver_numbered(*sink, 7, 1).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(take(4096),
            "{\"request_time\":\"2026-11-20T18:52:00Z\",\"path\":\"/p.gif\",\"status\":7,\"ratio\":"
            "0.5,\"ok\":true,\"_segment\":\"" +
                to_text(testing::kSegment) + "\",\"_offset\":7}\n");
}

TEST_F(StdoutSinkTest, RawLinesWithoutTheSegmentsHeaders) {
  StdoutOptions raw = options();
  raw.is_raw = true;
  const auto sink = make_stdout_sink(raw, write_.get());
  EXPECT_TRUE(sink->traits().takes_lines);
  Batcher batcher({{}, true}, {}, {});
  const std::string header(logfmt::kAccessHeader);
  batcher.append(kAccess, 0, header + numbered_line(1) + "# hole\n" + numbered_line(2), 0);
  ASSERT_EQ(sink->deliver(batcher.cut(FlushReason::kDrain)).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(take(65'536), numbered_line(1) + numbered_line(2));
}

// A reader that stands still makes a retry, and one that goes on gets the rest: no byte twice.
TEST_F(StdoutSinkTest, GoesOnWhereAStalledReaderStopped) {
  const auto sink = make_stdout_sink(options(), write_.get());
  constexpr std::uint64_t kRows = 5'000;
  Verdict verdict = testing::deliver_numbered(*sink, 0, kRows);
  ASSERT_EQ(verdict.kind, Verdict::Kind::kRetry);
  EXPECT_NE(verdict.reason.find("took nothing for 20 ms"), std::string::npos) << verdict.reason;
  std::string all;
  while (verdict.kind == Verdict::Kind::kRetry) {
    all += take(100'000);
    verdict = testing::deliver_numbered(*sink, 0, kRows);
  }
  ASSERT_EQ(verdict.kind, Verdict::Kind::kAcked);
  write_.reset();
  for (std::string piece; !(piece = take(100'000)).empty();) all += piece;
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n')), kRows);
  std::size_t at = 0;
  for (std::uint64_t n = 0; n < kRows; ++n) {
    at = all.find("\"_offset\":" + std::to_string(n) + "}\n", at);
    ASSERT_NE(at, std::string::npos) << n;
  }
}

TEST_F(StdoutSinkTest, AnotherSinkWaitsForTheRestOfAHalfWrittenBatch) {
  const auto first = make_stdout_sink(options(), write_.get());
  const auto second = make_stdout_sink(options(), write_.get());
  ASSERT_EQ(testing::deliver_numbered(*first, 0, 5'000).kind, Verdict::Kind::kRetry);
  take(50'000);
  const Verdict verdict = testing::deliver_numbered(*second, 0, 1);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRetry);
  EXPECT_NE(verdict.reason.find("another sink"), std::string::npos);
  first->close();
  take(100'000);
  EXPECT_EQ(testing::deliver_numbered(*second, 0, 1).kind, Verdict::Kind::kAcked);
}

TEST_F(StdoutSinkTest, ReaderThatIsGoneNeedsAnOperator) {
  const auto sink = make_stdout_sink(options(), write_.get());
  read_.reset();
  const Verdict verdict = testing::deliver_numbered(*sink, 0, 1);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRejected);
  EXPECT_NE(verdict.reason.find("standard output is closed"), std::string::npos);
  sink->close();
}

TEST_F(StdoutSinkTest, FullDiskIsTriedAgain) {
  base::UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const auto sink = make_stdout_sink(options(), full.get());
  const Verdict verdict = testing::deliver_numbered(*sink, 0, 1);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRetry);
  EXPECT_NE(verdict.reason.find("No space left"), std::string::npos);
  sink->close();
}

}  // namespace
}  // namespace pixel::shipper
