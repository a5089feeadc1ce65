// SPDX-License-Identifier: Apache-2.0
// The edge's settings: defaults, values of each kind, dumping. What is said of bad ones is in
// golden_test.cc.
#include "edge/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "edge/setting_list.h"

namespace pixel::edge {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;

TEST(Config, SaysWhereTomlItselfIsBroken) {
  const auto errors = load_config_text("[server\nworkers = 1", "x").errors;
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors[0], ::testing::HasSubstr("x:1:8: not valid TOML"));
}

TEST(Config, AMissingFileIsAnErrorNotTheDefaults) {
  EXPECT_THAT(load_config("/nowhere/edge.toml").errors,
              ElementsAre("cannot open /nowhere/edge.toml: No such file or directory"));
}

TEST(Config, TellsOfFilesInTheOrderOfLines) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("edge-{}.toml", ::getpid());
  std::ofstream(path) << "[bots]\non_bot = \"flag\"\nagents_file = \"/nowhere/agents\"\n"
                         "[server]\nworkers = \"two\"\n"
                         "[[route]]\npath = \"/a\"\nkind = \"static\"\nfile = \"/nowhere/a.js\"\n"
                         "[admin]\nlistne = \"\"\n";
  const auto errors = load_config(path).errors;
  std::filesystem::remove(path);
  EXPECT_THAT(
      errors,
      ElementsAre(
          EndsWith(
              ":3:15: bots.agents_file: cannot open /nowhere/agents: No such file or directory"),
          EndsWith(":5:11: server.workers: expected an integer from 0 to 1024, found \"two\""),
          EndsWith(":9:8: route[0].file: cannot open /nowhere/a.js: No such file or directory"),
          EndsWith(":11:1: admin.listne: unknown key; did you mean \"listen\"?")));
}

TEST(Config, EmptyTextGivesTheDefaults) {
  const auto loaded = load_config_text("", "x");
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(dump(loaded.config), dump(EdgeConfig{}));
}

TEST(Config, ReadsEachKindOfValue) {
  const auto loaded = load_config_text(
      "[server]\nlisten = [\"127.0.0.1:1\", \"[::1]:2\"]\nbackend = \"epoll\"\npin = false\n"
      "workers = 3\nbatch_wait = \"0\"\nhandover = \"\"\n[admin]\nlisten = \"\"\n"
      "[spool]\nsegment_bytes = \"1MiB\"\nsegment_age = \"5s\"\non_full = \"serve-and-count\"\n"
      "[log]\ndurability = \"disk\"\ncookies = true\n"
      "[client]\nsource = \"cloudfront-viewer-address\"\ntrusted = [\"10.0.0.0/8\"]\n"
      "[bots]\non_bot = \"drop\"\non_prefetch = \"flag\"\nagents_file = \"/a\"\n"
      "[cors]\nmode = \"list\"\norigins = [\"https://a.example\"]\n",
      "x");
  EXPECT_THAT(loaded.errors, IsEmpty());
  const EdgeConfig& config = loaded.config;
  EXPECT_THAT(config.listen, ElementsAre("127.0.0.1:1", "[::1]:2"));
  EXPECT_EQ(config.backend, BackendChoice::kEpoll);
  EXPECT_FALSE(config.pin);
  EXPECT_EQ(config.workers, 3U);
  EXPECT_EQ(config.batch_wait_ns, 0U);
  EXPECT_EQ(config.handover, "");
  EXPECT_EQ(config.admin_listen, "");
  EXPECT_EQ(config.segment_bytes, base::kMiB);
  EXPECT_EQ(config.segment_age_ns, 5 * base::kSecondNs);
  EXPECT_EQ(config.on_full, OnFull::kServeAndCount);
  EXPECT_EQ(config.durability, Durability::kDisk);
  EXPECT_TRUE(config.policy.log_cookies);
  EXPECT_EQ(config.client.source, ClientSource::kViewerAddress);
  EXPECT_EQ(config.policy.on_bot, SignalAction::kDrop);
  EXPECT_EQ(config.policy.on_prefetch, SignalAction::kFlag);
  EXPECT_EQ(config.policy.agents_file, "/a");
  EXPECT_EQ(config.http.cors, "list");
}

TEST(Config, ReadsRoutesOfEachKind) {
  const auto loaded = load_config_text(
      "[[route]]\npath = \"/p\"\nimage = \"png\"\ndata_parameter = true\nanswer = \"image\"\n"
      "[[route]]\nkind = \"beacon\"\npath = \"/b\"\nanswer = \"ok\"\nimage = \"file\"\n"
      "file = \"/x.gif\"\ncontent_type = \"image/gif\"\n"
      "[[route]]\nkind = \"batch\"\npath = \"/v1/*\"\nbatch_key = \"items\"\nrecords_max = 7\n"
      "body_bytes = \"64KiB\"\nrecord_bytes = \"1KiB\"\n"
      "[[route]]\nkind = \"event\"\npath = \"/server\"\nanswer = \"image\"\nimage = \"gif-35\"\n"
      "[[route]]\nkind = \"redirect\"\npath = \"/r\"\ntarget_parameter = \"to\"\n"
      "hosts = [\"*.example.com\"]\nallow_http = true\nstatus = 307\n"
      "[[route]]\nkind = \"static\"\npath = \"/\"\ntext = \"hello\\n\"\nmax_age = \"1h\"\n"
      "headers = [\"X-A: b\"]\n"
      "[[route]]\nkind = \"health\"\npath = \"/ping\"\n",
      "x");
  EXPECT_THAT(loaded.errors, IsEmpty());
  const auto& routes = loaded.config.http.routes;
  ASSERT_EQ(routes.size(), 7U);
  EXPECT_EQ(routes[0].kind, RouteKind::kPixel);
  EXPECT_EQ(routes[0].image, "png");
  EXPECT_TRUE(routes[0].data_parameter);
  EXPECT_EQ(routes[1].kind, RouteKind::kBeacon);
  EXPECT_EQ(routes[1].file, "/x.gif");
  EXPECT_EQ(routes[2].batch_key, "items");
  EXPECT_EQ(routes[2].records_max, 7U);
  EXPECT_EQ(routes[2].body_bytes, 64 * base::kKiB);
  EXPECT_EQ(routes[2].record_bytes, base::kKiB);
  EXPECT_EQ(routes[3].kind, RouteKind::kEvent);
  EXPECT_EQ(routes[4].target_parameter, "to");
  EXPECT_THAT(routes[4].hosts, ElementsAre("*.example.com"));
  EXPECT_TRUE(routes[4].allow_http);
  EXPECT_EQ(routes[4].redirect_status, 307U);
  EXPECT_EQ(routes[5].text, "hello\n");
  EXPECT_EQ(routes[5].max_age_ns, 3600 * base::kSecondNs);
  EXPECT_THAT(routes[5].headers, ElementsAre("X-A: b"));
  EXPECT_EQ(routes[6].kind, RouteKind::kHealth);
}

// The default limits of a route may lie above limits.body: what is refused is what was asked for.
TEST(Config, ASmallLimitForAllBodiesNeedsNoWordInEachRoute) {
  const auto loaded = load_config_text(
      "[limits]\nbody = \"8KiB\"\n[[route]]\nkind = \"batch\"\npath = \"/b\"\n", "x");
  EXPECT_THAT(loaded.errors, IsEmpty());
}

TEST(Config, DumpReadsBackToTheSame) {
  EdgeConfig config;
  config.listen = {"127.0.0.1:1", "[::1]:2"};
  config.workers = 7;
  config.backend = BackendChoice::kEpoll;
  config.on_full = OnFull::kServeAndCount;
  config.spool_path = "/tmp/a \"b\"\\c";
  config.segment_bytes = 3 * base::kMiB;
  config.batch_wait_ns = 0;
  config.handover.clear();
  config.client.source = ClientSource::kForwarded;
  config.client.trusted = {"10.0.0.0/8", "2001:db8::/32"};
  config.client.proxy_listen = {"[::1]:2"};
  config.client.proxy_from = {"192.0.2.0/24"};
  config.policy.on_opt_out = SignalAction::kAnonymise;
  config.policy.visitor = true;
  config.policy.same_site = SameSite::kStrict;
  config.policy.cookie_domains = {"example.com"};
  config.policy.on_bot = SignalAction::kDrop;
  config.http.cors = "echo";
  config.http.headers = {"X-A: \"b\""};
  for (std::size_t kind = 0; kind < kRouteKindNames.size(); ++kind) {
    RouteOptions& route = config.http.routes.emplace_back();
    route.kind = static_cast<RouteKind>(kind);
    route.path = "/" + std::string(kRouteKindNames[kind]);
    route.headers = {"X-Kind: " + std::string(kRouteKindNames[kind])};
    if (route.kind == RouteKind::kRedirect) route.hosts = {"example.com"};
    if (route.kind == RouteKind::kStatic) route.text = "a\tb\r\n\"c\"\\\x7f\xc3\xa9\x01";
  }
  const auto loaded = load_config_text(dump(config), "x");
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(dump(loaded.config), dump(config));
  EXPECT_EQ(loaded.config.http.routes[5].text, config.http.routes[5].text);
  EXPECT_NE(dump(config), dump(EdgeConfig{}));
}

}  // namespace
}  // namespace pixel::edge
