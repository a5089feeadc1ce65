// SPDX-License-Identifier: Apache-2.0
// Whole runs against a server that answers well or badly, on both backends.
#include "tools/pixel_load/run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "tests/unit/tools/pixel_load/test_responder.h"
#include "tools/pixel_load/io.h"
#include "tools/pixel_load/report.h"

namespace pixel::load {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

class Run : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (auto io = create_io(GetParam()); !io) GTEST_SKIP() << io.error().message;
    std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(test.begin(), test.end(), '/', '_');
    ids_file_ = testing::TempDir() + "pixel_load_" + std::to_string(::getpid()) + test;
    std::filesystem::remove(ids_file_);
  }
  void TearDown() override { std::filesystem::remove(ids_file_); }

  Options options_for(const TestResponder& responder) const {
    Options options;
    options.urls = {responder.url("/p.gif?id={seq}")};
    options.connections = 4;
    options.threads = 2;
    options.requests = 300;
    options.timeout_ns = 2000 * kMs;
    options.ids_file = ids_file_;
    options.seq_base = 1000;
    options.io = GetParam();
    return options;
  }
  RunResult run_with(const Options& options) {
    auto plan = make_plan(options);
    EXPECT_TRUE(plan.ok());
    return run(*plan, stop_);
  }
  std::multiset<std::uint64_t> ids() const {
    std::multiset<std::uint64_t> found;
    std::ifstream file(ids_file_);
    for (std::uint64_t id = 0; file >> id;) found.insert(id);
    return found;
  }

  std::string ids_file_;
  std::atomic<bool> stop_{false};
};

std::multiset<std::uint64_t> numbers(std::uint64_t first, std::uint64_t count) {
  std::multiset<std::uint64_t> result;
  for (std::uint64_t i = 0; i < count; ++i) result.insert(result.end(), first + i);
  return result;
}

void expect_books(const Counts& counts) {
  EXPECT_EQ(counts.sent.get(), counts.answered.get() + counts.unanswered.get());
}

TEST_P(Run, EveryRequestIsAnsweredOnceAndListed) {
  TestResponder responder(Manner::kWhole);
  const RunResult result = run_with(options_for(responder));
  responder.kill();
  EXPECT_TRUE(result.good());
  EXPECT_EQ(result.counts->answered.get(), 300U);
  EXPECT_EQ(result.counts->by_class[2].get(), 300U);
  EXPECT_EQ(result.latency.count(), 300U);
  EXPECT_EQ(ids(), numbers(1000, 300));
  EXPECT_EQ(responder.requested(), numbers(1000, 300));
}

TEST_P(Run, AnswersMayComeByteByByte) {
  TestResponder responder(Manner::kByteByByte);
  const RunResult result = run_with(options_for(responder));
  EXPECT_TRUE(result.good());
  EXPECT_EQ(ids(), numbers(1000, 300));
}

TEST_P(Run, PipelinedRequestsAreAnsweredInOrder) {
  TestResponder responder(Manner::kWhole);
  Options options = options_for(responder);
  options.pipeline = 7;
  const RunResult result = run_with(options);
  EXPECT_TRUE(result.good());
  EXPECT_EQ(ids(), numbers(1000, 300));
}

TEST_P(Run, ConnectionsThatEndWithTheirAnswerAreMadeAgain) {
  for (const Manner manner : {Manner::kCloseAfter, Manner::kUntilClose}) {
    TestResponder responder(manner);
    Options options = options_for(responder);
    options.requests = 60;
    std::filesystem::remove(ids_file_);
    const RunResult result = run_with(options);
    EXPECT_TRUE(result.good());
    EXPECT_EQ(ids(), numbers(1000, 60));
    EXPECT_EQ(result.counts->connections_lost.get(), 0U);
    EXPECT_EQ(result.counts->closed_unannounced.get(), 0U);
    EXPECT_GE(result.counts->connects.get(), 60U);
  }
}

TEST_P(Run, ACloseThatNoAnswerAnnouncedIsToldApart) {
  TestResponder responder(Manner::kCloseIdle);
  Options options = options_for(responder);
  options.rate = 100;  // Each connection rests after its answer: the close meets no request.
  options.requests = 20;
  const RunResult result = run_with(options);
  EXPECT_GT(result.counts->closed_unannounced.get(), 5U);
  EXPECT_GE(result.counts->connections_closed_by_peer.get(),
            result.counts->closed_unannounced.get());
}

TEST_P(Run, CutAndResetAnswersAreNeverListedNorAskedAgain) {
  for (const Manner manner : {Manner::kCutOften, Manner::kResetOften}) {
    TestResponder responder(manner);
    std::filesystem::remove(ids_file_);
    const RunResult result = run_with(options_for(responder));
    responder.kill();
    expect_books(*result.counts);
    EXPECT_EQ(ids(), responder.answered());
    EXPECT_EQ(result.counts->answered.get(), responder.answered().size());
    EXPECT_GT(result.counts->connections_lost.get(), 10U);
    EXPECT_EQ(result.counts->malformed.get(), 0U);
    for (const std::uint64_t id : responder.requested()) {
      ASSERT_EQ(responder.requested().count(id), 1U) << id;
    }
  }
}

TEST_P(Run, IdsAreExactWhileTheServerIsKilledAndRestarted) {
  auto responder = std::make_unique<TestResponder>(Manner::kWhole);
  const std::uint16_t port = responder->port();
  Options options = options_for(*responder);
  options.requests = 0;
  options.duration_ns = 900 * kMs;
  options.pipeline = 3;
  RunResult result;
  std::thread runner([&] { result = run_with(options); });
  std::multiset<std::uint64_t> answered;
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(120));
    responder->kill();
    answered.insert(responder->answered().begin(), responder->answered().end());
    responder.reset();
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
    responder = std::make_unique<TestResponder>(Manner::kWhole, port);
  }
  runner.join();
  responder->kill();
  answered.insert(responder->answered().begin(), responder->answered().end());
  expect_books(*result.counts);
  const auto listed = ids();
  EXPECT_EQ(listed.size(), result.counts->answered.get());
  EXPECT_GT(listed.size(), 100U);
  EXPECT_GT(result.counts->connects.get(), 8U);
  for (const std::uint64_t id : listed) {
    ASSERT_EQ(listed.count(id), 1U) << id;
    ASSERT_EQ(answered.count(id), 1U) << id;
  }
}

TEST_P(Run, RefusalsAreAnsweredButNotListed) {
  TestResponder responder(Manner::kRefuses);
  const RunResult result = run_with(options_for(responder));
  EXPECT_TRUE(result.good());
  EXPECT_EQ(result.counts->by_class[5].get(), 300U);
  EXPECT_TRUE(ids().empty());
}

TEST_P(Run, GarbageAndUnaskedAnswersAreMalformed) {
  for (const Manner manner : {Manner::kGarbage, Manner::kTwice}) {
    TestResponder responder(manner);
    Options options = options_for(responder);
    options.requests = 20;
    const RunResult result = run_with(options);
    EXPECT_FALSE(result.good());
    EXPECT_GT(result.counts->malformed.get(), 0U);
    expect_books(*result.counts);
  }
}

TEST_P(Run, SilenceEndsInTimeouts) {
  TestResponder responder(Manner::kSilent);
  Options options = options_for(responder);
  options.timeout_ns = 60 * kMs;
  const std::uint64_t start = base::monotonic_ns();
  const RunResult result = run_with(options);
  EXPECT_LT(base::monotonic_ns() - start, 3000 * kMs);
  EXPECT_FALSE(result.good());
  EXPECT_GE(result.counts->timeouts.get(), 4U);
  expect_books(*result.counts);
}

TEST_P(Run, NobodyThereIsAnErrorNotAHang) {
  std::uint16_t port = 0;
  {
    TestResponder responder(Manner::kWhole);
    port = responder.port();
  }
  Options options;
  options.urls = {"http://127.0.0.1:" + std::to_string(port) + "/"};
  options.connections = 3;
  options.io = GetParam();
  options.duration_ns = 200 * kMs;
  RunResult result = run_with(options);
  EXPECT_FALSE(result.good());
  EXPECT_GT(result.counts->connect_errors.get(), 3U);
  options.reconnect = false;
  options.duration_ns = 30'000 * kMs;
  const std::uint64_t start = base::monotonic_ns();
  result = run_with(options);
  EXPECT_LT(base::monotonic_ns() - start, 2000 * kMs);
  EXPECT_EQ(result.counts->connect_errors.get(), 3U);
}

TEST_P(Run, OpenLoopKeepsItsRate) {
  TestResponder responder(Manner::kWhole);
  Options options = options_for(responder);
  options.requests = 0;
  options.duration_ns = 500 * kMs;
  options.rate = 1000;
  const RunResult result = run_with(options);
  EXPECT_TRUE(result.good());
  EXPECT_EQ(result.counts->sent.get() + result.counts->missed.get(), 500U);
  EXPECT_LE(result.counts->sent.get(), 500U);
  EXPECT_GE(result.counts->sent.get(), 400U);
}

TEST_P(Run, OpenLoopShowsTheWaitBehindASlowServer) {
  // 5 ms per answer, one connection, one request per ms: the k-th waits about 4k ms.
  TestResponder responder(Manner::kWhole, 0, std::chrono::milliseconds(5));
  Options options = options_for(responder);
  options.connections = 1;
  options.rate = 1000;
  options.requests = 40;
  const RunResult result = run_with(options);
  EXPECT_EQ(result.counts->answered.get(), 40U);
  EXPECT_GE(result.latency.max(), 150 * kMs);
  EXPECT_GE(result.latency.percentile(50), 70 * kMs);
}

// No coordinated omission: of 1,000 requests a second a stall of 200 ms delays 200, the first by
// all of it, the last by nothing, though only four could even be sent. A stall can only be shown
// too small: others' work on this machine makes latencies longer, so the bounds are lower ones.
TEST_P(Run, OpenLoopShowsAStallForEveryRequestItDelayed) {
  TestResponder responder(Manner::kStallsOnce);
  Options options = options_for(responder);
  options.threads = 1;
  options.rate = 1000;
  options.requests = 1000;
  const RunResult result = run_with(options);
  EXPECT_EQ(result.latency.count(), 1000U);
  EXPECT_GE(result.latency.max(), 190 * kMs);
  EXPECT_GE(result.latency.percentile(95.5), 150 * kMs);  // 45 of the 50 that wait that long.
  EXPECT_GE(result.latency.percentile(90.5), 100 * kMs);
  EXPECT_GE(result.latency.percentile(85.5), 50 * kMs);
  EXPECT_LE(result.latency.percentile(70), 100 * kMs);  // Nor does it delay all.
  // They were late to be sent, and it says so: of the 200 only four were under way.
  EXPECT_GE(result.send_delay.percentile(90.5), 90 * kMs);
}

TEST_P(Run, ClosedLoopShowsAStallOncePerConnection) {
  TestResponder responder(Manner::kStallsOnce);
  Options options = options_for(responder);
  options.threads = 1;
  options.requests = 1000;
  const RunResult result = run_with(options);
  EXPECT_EQ(result.latency.count(), 1000U);
  EXPECT_GE(result.latency.max(), 190 * kMs);
  EXPECT_LE(result.latency.percentile(99), 100 * kMs);
  EXPECT_EQ(result.send_delay.count(), 0U);
}

TEST_P(Run, WarmUpIsLeftOutOfTheLatencies) {
  TestResponder responder(Manner::kWhole);
  Options options = options_for(responder);
  options.requests = 0;
  options.duration_ns = 300 * kMs;
  options.warmup_ns = 150 * kMs;
  options.rate = 400;
  const RunResult result = run_with(options);
  EXPECT_GT(result.counts->answered.get(), result.counts->measured.get() + 30);
  EXPECT_EQ(result.latency.count(), result.counts->measured.get());
  EXPECT_EQ(ids().size(), result.counts->answered.get());
}

TEST_P(Run, StopEndsARunSoonWithItsIdsWritten) {
  TestResponder responder(Manner::kWhole);
  Options options = options_for(responder);
  options.requests = 0;
  options.duration_ns = 60'000 * kMs;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    stop_.store(true);
  });
  const std::uint64_t start = base::monotonic_ns();
  const RunResult result = run_with(options);
  stopper.join();
  EXPECT_LT(base::monotonic_ns() - start, 2000 * kMs);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(ids().size(), result.counts->answered.get());
}

TEST_P(Run, AStopWaitsForAnswersUnderWayAsLongAsItIsTold) {
  for (const std::uint64_t wait_ms : {20U, 2000U}) {
    TestResponder responder(Manner::kWhole, 0, std::chrono::milliseconds(400));
    Options options = options_for(responder);
    options.connections = 1;
    options.requests = 0;
    options.duration_ns = 60'000 * kMs;
    options.stop_wait_ns = wait_ms * kMs;
    stop_.store(false);
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      stop_.store(true);
    });
    const RunResult result = run_with(options);
    stopper.join();
    EXPECT_EQ(result.counts->unanswered.get(), wait_ms < 100 ? 1U : 0U);
    expect_books(*result.counts);
  }
}

TEST_P(Run, BindsToItsSourceAddresses) {
  TestResponder responder(Manner::kWhole);
  Options options = options_for(responder);
  options.bind_addresses = {"127.0.0.2", "127.0.0.3"};
  EXPECT_TRUE(run_with(options).good());
}

TEST_P(Run, JsonHasTheDocumentedFields) {
  TestResponder responder(Manner::kWhole);
  auto plan = make_plan(options_for(responder));
  const RunResult result = run(*plan, stop_);
  const auto object = nlohmann::json::parse(to_json(*plan, result));
  EXPECT_EQ(object["answered_total"], 300);
  EXPECT_EQ(object["answered_by_class"]["2xx"], 300);
  for (const char* field : {"min", "mean", "p50", "p90", "p99", "p99_9", "p99_99", "max"}) {
    EXPECT_TRUE(object["latency_us"][field].is_number()) << field;
    EXPECT_TRUE(object["send_delay_us"][field].is_number()) << field;
  }
  for (const char* field : {"rate", "seconds", "sent", "measured", "bytes_sent", "bytes_received",
                            "connects", "connect_errors", "connections_lost", "closed_unannounced",
                            "timeouts", "unanswered", "malformed", "missed", "cpu_us_per_answer"}) {
    EXPECT_TRUE(object[field].is_number()) << field;
  }
  EXPECT_NE(to_table(*plan, result).find("p99.99"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Io, Run, testing::Values("uring", "epoll"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace pixel::load
