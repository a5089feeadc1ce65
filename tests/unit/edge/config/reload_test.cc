// SPDX-License-Identifier: Apache-2.0
// Which changes a running process cannot take up: for each key of the table, one at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "edge/config_reload.h"
#include "edge/setting_list.h"

namespace pixel::edge {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ConfigReload, NothingDiffersFromItself) {
  EXPECT_THAT(restart_only_differences(EdgeConfig{}, EdgeConfig{}), IsEmpty());
}

TEST(ConfigReload, NamesWhatNeedsARestartInTheOrderOfTheTable) {
  EdgeConfig changed;
  changed.segment_bytes = 2 * base::kMiB;
  changed.listen = {"127.0.0.1:1"};
  changed.workers = 3;
  changed.client.proxy_listen = {"127.0.0.1:1"};
  EXPECT_THAT(restart_only_differences(EdgeConfig{}, changed),
              ElementsAre("server.listen", "server.workers", "spool.segment_bytes",
                          "proxy_protocol.listen"));
  EXPECT_THAT(restart_only_differences(changed, EdgeConfig{}), ::testing::SizeIs(4));
}

TEST(ConfigReload, WhatAReloadTakesUpIsNotNamed) {
  EdgeConfig changed;
  changed.on_full = OnFull::kServeAndCount;
  changed.policy.log_cookies = true;
  changed.policy.visitor = true;
  changed.client.trusted = {"10.0.0.0/8"};
  changed.client.proxy_from = {"10.0.0.0/8"};
  changed.http.cors = "echo";
  changed.http.routes.emplace_back().path = "/a";
  changed.header_timeout_ns *= 2;
  changed.drain_delay_ns = base::kSecondNs;
  changed.statsd_address = "127.0.0.1:8125";
  EXPECT_THAT(restart_only_differences(EdgeConfig{}, changed), IsEmpty());
}

// A new key has to be thought about: it is named here or it takes effect at a reload.
TEST(ConfigReload, TheKeysThatNeedARestart) {
  std::multiset<std::string> sections;
  for (const Setting& setting : list_settings(EdgeConfig{})) {
    if (setting.effect == Effect::kRestart) sections.insert(setting.section);
  }
  const std::set<std::string> names(sections.begin(), sections.end());
  EXPECT_THAT(names,
              ElementsAre("admin", "limits", "log", "node", "proxy_protocol", "server", "spool"));
  EXPECT_EQ(sections.count("server"), 8U);
  EXPECT_EQ(sections.count("log"), 3U);
  EXPECT_EQ(sections.count("spool"), 5U);
  EXPECT_EQ(sections.count("proxy_protocol"), 1U);
}

}  // namespace
}  // namespace pixel::edge
