// SPDX-License-Identifier: Apache-2.0
// What scenarios share: a world of each kind, requests, and how to look at answers and lines.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "tests/sim/world.h"

namespace pixel::sim {

inline constexpr std::string_view kGet = "GET /1x1.gif?n=1 HTTP/1.1\r\nHost: t\r\n\r\n";

inline std::string get(int n) {
  return "GET /1x1.gif?n=" + std::to_string(n) + " HTTP/1.1\r\nHost: t\r\n\r\n";
}

inline std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

inline std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

class Scenario : public testing::TestWithParam<WorldKind> {
 protected:
  World& open(const WorldOptions& options = {}) {
    world_ = make_world(GetParam(), options);
    return *world_;
  }
  void SetUp() override {
    if (make_world(GetParam(), {}) == nullptr) GTEST_SKIP() << "no io_uring on this machine";
  }
  std::unique_ptr<World> world_;
};

/// Waits (bounded by the world) until the client has so many whole answers; all it received.
inline std::string receive_answers(World& world, int client, std::size_t answers) {
  std::string all;
  for (int tries = 0; tries < 50; ++tries) {
    all = world.receive(client, all.size() + 1);
    if (count(all, "HTTP/1.1 ") - count(all, "HTTP/1.1 100 ") >= answers) break;
  }
  return all;
}

/// The worlds, for INSTANTIATE_TEST_SUITE_P.
inline auto all_worlds() {
  return testing::Values(WorldKind::kKernelRing, WorldKind::kEpollRing, WorldKind::kSimulated,
                         WorldKind::kKernelRingDisk, WorldKind::kEpollRingDisk,
                         WorldKind::kSimulatedDisk);
}
inline std::string name_of_world(const testing::TestParamInfo<WorldKind>& world) {
  return std::string(world_name(world.param));
}

}  // namespace pixel::sim
