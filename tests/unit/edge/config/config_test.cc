// SPDX-License-Identifier: Apache-2.0
// The edge's settings: defaults, the example file, and every error by its exact text.
#include "edge/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"

namespace pixel::edge {
namespace {

using ::testing::ElementsAre;

struct BadConfig {
  const char* text;
  std::vector<std::string> errors;
};

const BadConfig kBadConfigs[] = {
    {"[server]\nlisten = \"0.0.0.0:80\"",
     {"x:2: server.listen: expected an array of strings, found \"0.0.0.0:80\""}},
    {"[server]\nlisten = []",
     {"x:2: server.listen: expected addresses such as \"0.0.0.0:8080\" or \"[::]:8080\", found an "
      "array"}},
    {"[server]\nlisten = [\"localhost:80\"]",
     {"x:2: server.listen: expected addresses such as \"0.0.0.0:8080\" or \"[::]:8080\", found an "
      "array"}},
    {"[server]\nlisten = [\"0.0.0.0\"]",
     {"x:2: server.listen: expected addresses such as \"0.0.0.0:8080\" or \"[::]:8080\", found an "
      "array"}},
    {"[server]\nlisten = [\"0.0.0.0:99999\"]",
     {"x:2: server.listen: expected addresses such as \"0.0.0.0:8080\" or \"[::]:8080\", found an "
      "array"}},
    {"[server]\nlisten = [\"[::]:80\", \"[::]:80\"]",
     {"x:2: server.listen: expected addresses that differ, found an array"}},
    {"[server]\nworkers = -1",
     {"x:2: server.workers: expected an integer from 0 to 1024, found -1"}},
    {"[server]\nworkers = 1025",
     {"x:2: server.workers: expected an integer from 0 to 1024, found 1025"}},
    {"[server]\nworkers = \"4\"",
     {"x:2: server.workers: expected an integer from 0 to 1024, found \"4\""}},
    {"[server]\nwokers = 4", {"x:2: server.wokers: unknown key; did you mean \"workers\"?"}},
    {"[server]\npin = 1", {"x:2: server.pin: expected true or false, found 1"}},
    {"[server]\nbackend = \"uring\"",
     {"x:2: server.backend: expected one of \"auto\", \"io_uring\", \"epoll\", found \"uring\""}},
    {"[server]\nconnections_max = 1",
     {"x:2: server.connections_max: expected an integer from 16 to 1000000, found 1"}},
    {"[server]\nreceive_buffers = 500",
     {"x:2: server.receive_buffers: expected a power of two, found 500"}},
    {"[server]\nreceive_buffers = 65536",
     {"x:2: server.receive_buffers: expected an integer from 16 to 32768, found 65536"}},
    {"[server]\nbatch_wait = \"1s\"",
     {"x:2: server.batch_wait: expected \"0\" to \"10ms\", found \"1s\""}},
    {"[admin]\nlisten = \"9180\"",
     {"x:2: admin.listen: expected an address such as \"127.0.0.1:9180\", or \"\" for none, found "
      "\"9180\""}},
    {"[node]\nid = 65536", {"x:2: node.id: expected an integer from 0 to 65535, found 65536"}},
    {"[node]\nlocation = \"Edge1\"",
     {"x:2: node.location: expected three capital letters and a number, such as \"EDG1\", found "
      "\"Edge1\""}},
    {"[node]\nlocation = \"EDG\"",
     {"x:2: node.location: expected three capital letters and a number, such as \"EDG1\", found "
      "\"EDG\""}},
    {"[node]\nkey_file = \"\"", {"x:2: node.key_file: expected a path, found \"\""}},
    {"[log]\ndistribution = \"my.site\"",
     {"x:2: log.distribution: expected 1 to 64 letters and digits, found \"my.site\""}},
    {"[log]\ndistribution = \"\"",
     {"x:2: log.distribution: expected 1 to 64 letters and digits, found \"\""}},
    {"[log]\ndistribution_host = \"a b\"",
     {"x:2: log.distribution_host: expected a host name, found \"a b\""}},
    {"[log]\ncookies = \"yes\"", {"x:2: log.cookies: expected true or false, found \"yes\""}},
    {"[log]\ndurability = \"disk\"",
     {"x:2: log.durability: expected \"process\": no other durability exists in this version, "
      "found \"disk\""}},
    {"[spool]\npath = \"\"", {"x:2: spool.path: expected a path, found \"\""}},
    {"[spool]\nsegment_bytes = \"512KiB\"",
     {"x:2: spool.segment_bytes: expected \"1MiB\" to \"1GiB\", found \"512KiB\""}},
    {"[spool]\nsegment_bytes = 67108864",
     {"x:2: spool.segment_bytes: expected a size such as \"64MiB\", found 67108864"}},
    {"[spool]\nsegment_age = \"1500ms\"",
     {"x:2: spool.segment_age: expected whole seconds, found \"1500ms\""}},
    {"[spool]\nsegment_age = \"0\"",
     {"x:2: spool.segment_age: expected \"1s\" to \"1h\", found \"0\""}},
    {"[spool]\nstandby = 0", {"x:2: spool.standby: expected an integer from 1 to 16, found 0"}},
    {"[spool]\non_full = \"drop\"",
     {"x:2: spool.on_full: expected one of \"refuse\", \"serve-and-count\", found \"drop\""}},
    {"[limits]\nrequest_line = \"1MiB\"",
     {"x:2: limits.request_line: expected \"256B\" to \"64KiB\", found \"1MiB\""}},
    {"[limits]\nheaders = \"8KiB\"\nrequest_line = \"9KiB\"",
     {"x:3: limits.request_line: expected no more than limits.headers, which includes it, found "
      "\"9KiB\""}},
    {"[limits]\nheader_count = 7",
     {"x:2: limits.header_count: expected an integer from 8 to 1000, found 7"}},
    {"[timeouts]\nkeep_alive = \"620\"",
     {"x:2: timeouts.keep_alive: expected a duration such as \"60s\", found \"620\""}},
    {"[timeouts]\nkeepalive = \"620s\"",
     {"x:2: timeouts.keepalive: unknown key; did you mean \"keep_alive\"?"}},
    {"[drain]\npatience = \"2d\"", {"x:2: drain.patience: expected \"0\" to \"1h\", found \"2d\""}},
    {"[[pixel]]\npath = \"1x1.gif\"",
     {"x:2: pixel.path: expected a path such as \"/1x1.gif\", without query, found "
      "\"1x1.gif\""}},
    {"[[pixel]]\npath = \"/a\"\n[[pixel]]\npath = \"/a\"",
     {"x:4: pixel.path: expected a path that no other [[pixel]] has, found \"/a\""}},
    {"[[pixel]]\npath = \"/a?b\"",
     {"x:2: pixel.path: expected a path such as \"/1x1.gif\", without query, found \"/a?b\""}},
    {"[[pixel]]\n",
     {"x:1: pixel.path: expected a path such as \"/1x1.gif\", without query, found nothing"}},
    {"[pixel]\npath = \"/a\"",
     {"x:1: pixel: expected an array of tables ([[pixel]]), found a table"}},
    {"server = 3", {"x:1: server: expected a table, found 3"}},
    {"[srever]\nworkers = 1", {"x:1: srever: unknown key; did you mean \"server\"?"}},
    {"[server]\nworkers = 9999\nbackend = \"x\"\n[drain]\ndelai = \"1s\"\n",
     {"x:2: server.workers: expected an integer from 0 to 1024, found 9999",
      "x:3: server.backend: expected one of \"auto\", \"io_uring\", \"epoll\", found \"x\"",
      "x:5: drain.delai: unknown key; did you mean \"delay\"?"}},
};

TEST(Config, TellsEveryErrorAtOnce) {
  for (const BadConfig& bad : kBadConfigs) {
    EXPECT_EQ(load_config_text(bad.text, "x").errors, bad.errors) << bad.text;
  }
}

TEST(Config, SaysWhereTomlItselfIsBroken) {
  const auto errors = load_config_text("[server\nworkers = 1", "x").errors;
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors[0], ::testing::HasSubstr("x:1: not valid TOML"));
}

TEST(Config, AMissingFileIsAnErrorNotTheDefaults) {
  EXPECT_THAT(load_config("/nowhere/edge.toml").errors,
              ElementsAre("cannot open /nowhere/edge.toml: No such file or directory"));
}

TEST(Config, EmptyTextGivesTheDefaults) {
  const auto loaded = load_config_text("", "x");
  EXPECT_THAT(loaded.errors, ElementsAre());
  EXPECT_EQ(dump(loaded.config), dump(EdgeConfig{}));
}

TEST(Config, OwnPixelsReplaceTheDefaults) {
  const auto loaded = load_config_text("[[pixel]]\npath = \"/p\"\n[[pixel]]\npath = \"/q\"", "x");
  EXPECT_THAT(loaded.errors, ElementsAre());
  EXPECT_THAT(loaded.config.pixel_paths, ElementsAre("/p", "/q"));
}

TEST(Config, ReadsEachKindOfValue) {
  const auto loaded = load_config_text(
      "[server]\nlisten = [\"127.0.0.1:1\", \"[::1]:2\"]\nbackend = \"epoll\"\npin = false\n"
      "workers = 3\nbatch_wait = \"0\"\n[admin]\nlisten = \"\"\n"
      "[spool]\nsegment_bytes = \"1MiB\"\nsegment_age = \"5s\"\non_full = \"serve-and-count\"\n"
      "[log]\ndurability = \"process\"\n",
      "x");
  EXPECT_THAT(loaded.errors, ElementsAre());
  const EdgeConfig& config = loaded.config;
  EXPECT_THAT(config.listen, ElementsAre("127.0.0.1:1", "[::1]:2"));
  EXPECT_EQ(config.backend, BackendChoice::kEpoll);
  EXPECT_FALSE(config.pin);
  EXPECT_EQ(config.workers, 3U);
  EXPECT_EQ(config.batch_wait_ns, 0U);
  EXPECT_EQ(config.admin_listen, "");
  EXPECT_EQ(config.segment_bytes, base::kMiB);
  EXPECT_EQ(config.segment_age_ns, 5 * base::kSecondNs);
  EXPECT_EQ(config.on_full, OnFull::kServeAndCount);
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
  config.pixel_paths = {"/p"};
  const auto loaded = load_config_text(dump(config), "x");
  EXPECT_THAT(loaded.errors, ElementsAre());
  EXPECT_EQ(dump(loaded.config), dump(config));
}

// "section.key" of each assignment in TOML text.
std::multiset<std::string> keys_of(const std::string& text) {
  std::multiset<std::string> keys;
  std::string section;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line[0] == '#') continue;
    const std::size_t equals = line.find(" = ");
    if (line[0] == '[') {
      section = line;
    } else if (equals != std::string::npos) {
      keys.insert(section + line.substr(0, equals));
    }
  }
  return keys;
}

TEST(ConfigExample, ParsesToTheDefaultsAndHasEveryKey) {
  const auto text = base::read_file("edge/edge.toml");
  ASSERT_TRUE(text.ok());
  const auto loaded = load_config_text(*text, "edge.toml");
  EXPECT_THAT(loaded.errors, ElementsAre());
  EXPECT_EQ(dump(loaded.config), dump(EdgeConfig{}));
  // Reading and dumping walk the same table, so the dump's keys are all the loader knows.
  EXPECT_EQ(keys_of(*text), keys_of(dump(EdgeConfig{})));
  EXPECT_GT(keys_of(*text).size(), 25U);
}

}  // namespace
}  // namespace pixel::edge
