// SPDX-License-Identifier: Apache-2.0
#include "shipper/deliver/runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "base/units.h"
#include "shipper/decode/columns.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

// Its delivery lasts until the test lets it fail.
class SlowSink : public Sink {
 public:
  Guarantee guarantee() const override { return {}; }
  base::Result<Checkpoint> open() override { return Checkpoint{}; }
  Verdict deliver(const Batch& /*batch*/) override {
    delivering = true;
    while (!may_fail) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return {Verdict::Kind::kRejected, "never", 0, {}};  // The longest pause, exactly.
  }
  base::Result<std::vector<Holding>> holdings() override { return std::vector<Holding>(); }

  std::atomic<bool> delivering{false};
  std::atomic<bool> may_fail{false};
};

TEST(Runner, StopDuringADeliveryThatFailsDoesNotWaitForItsRetry) {
  TemporaryDirectory directory;
  SpoolWriter writer(directory.path(), test_lane());
  writer.append(numbered_line(0));
  Catalogue catalogue(directory.path());
  ASSERT_TRUE(catalogue.scan().ok());
  PipelineOptions options;
  options.name = "slow";
  options.limits.rows = 1;
  options.retry.cap_ns = 20 * base::kSecondNs;
  SlowSink sink;
  FileStore store(directory.path());
  DeadLetterFile letters(directory.path() / "dead.jsonl");
  Pipeline pipeline(options, {{requests_table({})}}, sink, store, letters,
                    [] { return base::monotonic_ns(); });
  Runner runner(pipeline, catalogue);
  runner.start(Pipeline::Ending::kNever);
  while (!sink.delivering) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::uint64_t begin_ns = base::monotonic_ns();
  runner.stop(50 * base::kMillisecondNs);
  sink.may_fail = true;
  runner.join();
  EXPECT_LT(base::monotonic_ns() - begin_ns, 5 * base::kSecondNs);
}

}  // namespace
}  // namespace pixel::shipper
