// SPDX-License-Identifier: Apache-2.0
// Answers that wait for the disk: what a client sees while it is slow, silent, or takes nothing. A
// simulated disk does as it is told; random histories of the same are in worker_simulation_test.cc.
#include <gtest/gtest.h>

#include <cerrno>

#include "edge/dispatch.h"
#include "edge/dispatch_bodies.h"
#include "edge/dispatch_disk.h"
#include "edge/dispatch_errors.h"
#include "edge/dispatch_requests.h"
#include "edge/life.h"
#include "tests/sim/scenario.h"
#include "tests/sim/simulated_ring.h"
#include "tests/sim/worker_fixture.h"

namespace pixel::sim {
namespace {

constexpr std::string_view kPost =
    "POST /v1/batch HTTP/1.1\r\nHost: t\r\nContent-Length: 19\r\n\r\n{\"batch\":[{\"a\":1}]}";

class WorkerDisk : public testing::Test {
 protected:
  void SetUp() override { open({}); }

  void open(WorldOptions world) {
    core_.reset();
    world.durability = edge::Durability::kDisk;
    fixture_ = std::make_unique<WorkerFixture>(world);
    fixture_->options.listeners = {{SimulatedRing::kListener, false}};
    control_ = std::make_unique<edge::WorkerControl>();
    edge::RingOptions ring;
    ring.submission_entries = 64;
    ring.receive_buffers = world.receive_buffers;
    ring_ = std::make_unique<SimulatedRing>(ring, 1, false);
    core_ = std::make_unique<edge::WorkerCore<SimulatedRing>>(fixture_->options, *control_, *ring_);
    core_->begin();
    steps(2);
  }
  void steps(int count) {
    for (int i = 0; i < count; ++i) {
      ring_->wake();  // Time passes only where a test says so.
      ASSERT_TRUE(core_->step());
    }
  }
  int ask(std::string_view request) {
    const int client = ring_->connect();
    ring_->socket(client).to_server += request;
    steps(4);  // Accept, receive, write, send.
    return client;
  }
  void pass_s(std::uint64_t seconds) {
    for (std::uint64_t i = 0; i < seconds; ++i) {
      ring_->pass_ns(1'000'000'000);
      steps(2);
    }
  }
  std::size_t answers(int client) { return count(ring_->socket(client).to_client, "HTTP/1.1 "); }
  std::size_t answers(int client, std::string_view status) {
    return count(ring_->socket(client).to_client, "HTTP/1.1 " + std::string(status));
  }
  const edge::WorkerCounters& counters() const { return control_->counters; }
  std::uint64_t groups() const {
    std::uint64_t total = 0;
    for (const edge::Counter& counter : counters().syncs) total += counter.get();
    return total;
  }

  std::unique_ptr<WorkerFixture> fixture_;
  std::unique_ptr<edge::WorkerControl> control_;
  std::unique_ptr<SimulatedRing> ring_;
  std::unique_ptr<edge::WorkerCore<SimulatedRing>> core_;
};

TEST_F(WorkerDisk, NoAnswerBeforeItsLineIsOnTheDisk) {
  ring_->disk.silent = true;
  const int client = ask(kGet);
  steps(20);
  EXPECT_EQ(ring_->socket(client).to_client, "");
  EXPECT_EQ(ring_->disk.writes_under_way(), 1U);
  EXPECT_EQ(fixture_->lines().size(), 0U);
  EXPECT_EQ(fixture_->options.slot->answers.load(), 0U);
  EXPECT_EQ(counters().answers_held.get(), 1U);
  ring_->disk.silent = false;
  steps(3);
  EXPECT_EQ(answers(client, "200"), 1U);
  EXPECT_EQ(fixture_->lines().size(), 1U);
  EXPECT_EQ(fixture_->options.slot->answers.load(), 1U);
  EXPECT_EQ(counters().answers_held.get(), 0U);
}

TEST_F(WorkerDisk, WhatComesMeanwhileIsOneGroup) {
  ring_->disk.silent = true;
  std::vector<int> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(ask(get(i)));
  EXPECT_EQ(ring_->disk.writes_under_way(), 1U);
  ring_->disk.silent = false;
  steps(10);
  for (const int client : clients) EXPECT_EQ(answers(client, "200"), 1U);
  EXPECT_EQ(groups(), 2U);
  EXPECT_EQ(ring_->disk.writes_done(), 2U);
  EXPECT_EQ(fixture_->lines().size(), 20U);
}

TEST_F(WorkerDisk, ASecondRequestWaitsForItsOwnGroupBehindTheFirst) {
  ring_->disk.silent = true;
  const int client = ask(get(1));
  ring_->socket(client).to_server += get(2) + "GET /none HTTP/1.1\r\nHost: t\r\n\r\n";
  steps(5);
  ring_->disk.silent = false;
  steps(10);
  const std::string& got = ring_->socket(client).to_client;
  EXPECT_EQ(count(got, "HTTP/1.1 200"), 2U);
  EXPECT_GT(got.find("HTTP/1.1 404"), got.rfind("HTTP/1.1 200"));
  EXPECT_EQ(groups(), 2U);
}

TEST_F(WorkerDisk, EventsAndTheirLineAreAwaitedBoth) {
  ring_->disk.silent = true;
  const int client = ask(kPost);
  EXPECT_EQ(ring_->disk.writes_under_way(), 2U);
  EXPECT_EQ(answers(client), 0U);
  ring_->disk.silent = false;
  steps(3);
  EXPECT_EQ(answers(client, "200"), 1U);
  EXPECT_EQ(fixture_->events().size(), 1U);
  EXPECT_EQ(groups(), 1U);
}

TEST_F(WorkerDisk, WhatHasNoLineDoesNotWaitOnAQuietDisk) {
  ring_->disk.silent = true;
  const int client = ask("GET /health HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(answers(client), 1U);
  EXPECT_EQ(ring_->disk.writes_under_way(), 0U);
}

TEST_F(WorkerDisk, AGroupOverSeveralSegmentsIsAnsweredWhenAllOfThemAreThere) {
  WorldOptions world;
  world.segment_bytes = 8192;
  open(world);
  for (int i = 0; i < 4; ++i) fixture_->offer_segment();
  ring_->disk.silent = true;
  const int first = ask(get(0));
  std::string many;
  for (int i = 1; i <= 60; ++i) many += get(i);
  const int second = ask(many);
  steps(20);
  EXPECT_EQ(answers(first) + answers(second), 0U);
  ring_->disk.silent = false;
  steps(20);
  EXPECT_EQ(answers(first, "200"), 1U);
  EXPECT_EQ(answers(second, "200"), 60U);
  EXPECT_EQ(counters().lines_refused.get(), 0U);
  const auto lines = fixture_->lines();
  ASSERT_EQ(lines.size(), 61U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(field(lines[i], 12), "n=" + std::to_string(i));
  }
  EXPECT_EQ(ring_->disk.open_files(), 1U);
}

TEST_F(WorkerDisk, AWriterFarAheadOfTheDiskGetsNoFurtherSegment) {
  WorldOptions world;
  world.segment_bytes = 4096;
  open(world);
  for (int i = 0; i < 14; ++i) fixture_->offer_segment();
  ring_->disk.silent = true;
  ask(get(0));
  std::string many;
  for (int i = 1; i <= 200; ++i) many += get(i);
  const int client = ask(many);
  steps(20);
  EXPECT_GT(counters().lines_refused.get(), 0U);
  ring_->disk.silent = false;
  steps(20);
  EXPECT_EQ(answers(client), 200U);
  EXPECT_EQ(answers(client, "503"), counters().lines_refused.get());
  EXPECT_EQ(fixture_->lines().size(), 201 - counters().lines_refused.get());
}

TEST_F(WorkerDisk, APipelineLongerThanAnOutputGoesOnWithTheDisk) {
  WorldOptions world;
  world.receive_buffers = 16;
  open(world);
  ring_->disk.silent = true;
  const int client = ask(repeat(kGet, 1000));
  steps(50);
  EXPECT_EQ(answers(client), 0U);
  // It keeps no buffers from others.
  EXPECT_LT(ring_->buffers_out(), 16U);
  const int other = ask(kGet);
  ring_->disk.silent = false;
  steps(200);
  EXPECT_EQ(answers(client, "200"), 1000U);
  EXPECT_EQ(answers(other, "200"), 1U);
  EXPECT_EQ(ring_->buffers_out(), 0U);
}

TEST_F(WorkerDisk, AShortSendGoesOnBehindItsGroupAndBeforeTheNext) {
  const int client = ring_->connect();
  ring_->socket(client).window_bytes = 100;
  ring_->socket(client).to_server += get(1);
  steps(3);
  ring_->disk.silent = true;
  ring_->socket(client).to_server += get(2);
  ring_->disk.silent = false;
  steps(4);
  ring_->socket(client).window_bytes = SIZE_MAX;
  steps(10);
  EXPECT_EQ(answers(client, "200"), 2U);
  EXPECT_EQ(counters().send_tails.get(), 1U);
}

TEST_F(WorkerDisk, TheEndOfAConnectionWaitsForTheDiskToo) {
  ring_->disk.silent = true;
  const int closing = ask("GET /1x1.gif HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  const int ended = ask(kGet);
  ring_->socket(ended).client_ended = true;
  steps(5);
  EXPECT_FALSE(ring_->socket(closing).server_closed || ring_->socket(ended).server_closed);
  ring_->disk.silent = false;
  steps(10);
  for (const int client : {closing, ended}) {
    EXPECT_EQ(answers(client, "200"), 1U);
    EXPECT_TRUE(ring_->socket(client).server_closed);
  }
}

TEST_F(WorkerDisk, NoTimeoutEndsAConnectionThatWaitsForTheDisk) {
  WorldOptions world;
  world.keep_alive_timeout_ns = 1'000'000'000;
  open(world);
  ring_->disk.silent = true;
  const int client = ask(kGet);
  pass_s(10);
  EXPECT_EQ(control_->disk_trouble.load(), edge::WorkerControl::kDiskSilent);
  EXPECT_FALSE(control_->has_place.load());
  ring_->disk.silent = false;
  steps(3);
  EXPECT_EQ(answers(client, "200"), 1U);
  EXPECT_FALSE(ring_->socket(client).server_closed);
  pass_s(5);
  EXPECT_EQ(counters().timeouts_idle.get(), 1U);
  EXPECT_EQ(control_->disk_trouble.load(), 0);
  EXPECT_TRUE(control_->has_place.load());
}

TEST_F(WorkerDisk, AFailedWriteClaimsNothing) {
  ring_->disk.silent = true;
  const int first = ask(get(1));
  const int behind = ask(get(2));
  ring_->disk.silent = false;
  ring_->disk.error = EIO;
  steps(3);
  for (const int client : {first, behind}) {
    EXPECT_EQ(ring_->socket(client).to_client, "");
    EXPECT_TRUE(ring_->socket(client).server_closed);
  }
  EXPECT_EQ(fixture_->options.slot->answers.load(), 0U);
  EXPECT_EQ(counters().answers_withdrawn.get(), 2U);
  EXPECT_EQ(counters().answers_held.get(), 0U);
  EXPECT_EQ(counters().sync_errors.get(), 1U);
  EXPECT_EQ(control_->disk_trouble.load(), EIO);
}

TEST_F(WorkerDisk, WhileTheDiskTakesNothingRequestsAreRefusedAndHealthSaysSo) {
  ring_->disk.error = EIO;
  ask(get(1));
  pass_s(3);
  const int client = ask(get(2));
  const int health = ask("GET /health HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(answers(client, "503"), 1U);
  EXPECT_EQ(answers(health, "503"), 1U);
  EXPECT_FALSE(control_->has_place.load());
  EXPECT_GT(counters().sync_errors.get(), 1U);  // It is tried again.
  EXPECT_EQ(counters().answers_withdrawn.get(), 1U);
}

TEST_F(WorkerDisk, WithServeAndCountItAnswersWithoutLines) {
  WorldOptions world;
  world.serve_when_full = true;
  open(world);
  ring_->disk.error = ENOSPC;
  ask(get(1));
  const int client = ask(get(2));
  EXPECT_EQ(answers(client, "200"), 1U);
  EXPECT_EQ(counters().lines_unlogged.get(), 1U);
}

TEST_F(WorkerDisk, TheLogGoesOnWithoutAGapWhenTheDiskDoes) {
  ring_->disk.error = EIO;
  ask(get(1));
  ask(get(2));
  pass_s(2);
  EXPECT_EQ(fixture_->lines().size(), 0U);
  ring_->disk.error = 0;
  pass_s(2);
  const int client = ask(get(3));
  EXPECT_EQ(answers(client, "200"), 1U);
  const auto lines = fixture_->lines();
  ASSERT_EQ(lines.size(), 2U);  // Of the one that was withdrawn, and of this.
  EXPECT_EQ(field(lines[0], 12), "n=1");
  EXPECT_EQ(field(lines[1], 12), "n=3");
  EXPECT_EQ(fixture_->options.slot->lines.load(), 2U);
  EXPECT_EQ(fixture_->options.slot->answers.load(), 1U);
  EXPECT_EQ(control_->disk_trouble.load(), 0);
  EXPECT_TRUE(control_->has_place.load());
}

TEST_F(WorkerDisk, WithoutADescriptorForTheSegmentItIsTriedAgain) {
  ring_->disk.no_more_files = true;
  const int client = ask(get(1));
  steps(3);
  EXPECT_TRUE(ring_->socket(client).server_closed);
  EXPECT_EQ(control_->disk_trouble.load(), EMFILE);
  ring_->disk.no_more_files = false;
  pass_s(2);
  EXPECT_EQ(fixture_->lines().size(), 1U);
  EXPECT_EQ(answers(ask(get(2)), "200"), 1U);
}

TEST_F(WorkerDisk, ADrainWaitsForTheLastGroup) {
  ring_->disk.silent = true;
  const int client = ask(kGet);
  control_->drain_at(ring_->monotonic_ns() + 3'000'000'000);
  steps(20);
  EXPECT_EQ(answers(client), 0U);
  ring_->disk.silent = false;
  bool running = true;
  for (int i = 0; i < 1000 && running; ++i) running = core_->step();
  EXPECT_FALSE(running);
  EXPECT_EQ(answers(client, "200"), 1U);
  EXPECT_EQ(fixture_->lines().size(), 1U);
  EXPECT_EQ(ring_->disk.open_files(), 0U);
  EXPECT_TRUE(fixture_->options.supply->try_collect().has_value());
}

TEST_F(WorkerDisk, ADrainThatTheDiskDoesNotLetEndLeavesTheSegmentToRecovery) {
  ring_->disk.silent = true;
  const int client = ask(kGet);
  control_->drain_at(ring_->monotonic_ns() + 1'000'000'000);
  bool running = true;
  for (int i = 0; i < 1000 && running; ++i) running = core_->step();
  EXPECT_FALSE(running);
  EXPECT_EQ(answers(client), 0U);
  EXPECT_FALSE(fixture_->options.supply->try_collect().has_value());
}

TEST_F(WorkerDisk, NewRulesLeaveHeldAnswersTheirBytes) {
  ring_->disk.silent = true;
  const int client = ask(kGet);
  auto rules = std::make_unique<edge::WorkerRules>(fixture_->options.rules, 2048);
  ASSERT_TRUE(control_->try_offer(rules));
  pass_s(4);
  EXPECT_EQ(counters().rules_changed.get(), 1U);
  // The old ones are still in use: a further offer is taken only when they have been given back.
  rules = std::make_unique<edge::WorkerRules>(fixture_->options.rules, 2048);
  ASSERT_TRUE(control_->try_offer(rules));
  pass_s(4);
  EXPECT_EQ(counters().rules_changed.get(), 1U);
  ring_->disk.silent = false;
  steps(3);
  EXPECT_EQ(answers(client, "200"), 1U);
  pass_s(3);
  EXPECT_EQ(counters().rules_changed.get(), 2U);
}

}  // namespace
}  // namespace pixel::sim
