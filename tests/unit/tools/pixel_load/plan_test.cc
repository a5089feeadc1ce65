// SPDX-License-Identifier: Apache-2.0
#include "tools/pixel_load/plan.h"

#include <gtest/gtest.h>

#include <netinet/in.h>

#include <fstream>

namespace pixel::load {
namespace {

Options with_url(const std::string& url) {
  Options options;
  options.urls = {url};
  return options;
}

TEST(ParseUrl, TakesTheFormsOfAnHttpUrl) {
  const auto full = parse_url("http://[::1]:8080/a/b?c={seq}#ignored");
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ(full->host, "::1");
  EXPECT_EQ(full->port, "8080");
  EXPECT_EQ(full->authority, "[::1]:8080");
  EXPECT_EQ(full->target, "/a/b?c={seq}");
  const auto bare = parse_url("http://127.0.0.1");
  ASSERT_TRUE(bare.has_value());
  EXPECT_EQ(bare->port, "80");
  EXPECT_EQ(bare->target, "/");
  EXPECT_EQ(parse_url("http://h:1?q")->target, "/?q");
}

TEST(ParseUrl, RefusesOthers) {
  for (const char* text : {"", "127.0.0.1:80", "https://x/", "http://", "http://:80/", "http://h:/",
                           "http://h:8a/", "ftp://h/"}) {
    EXPECT_FALSE(parse_url(text).has_value()) << text;
  }
}

TEST(RequestText, BrowserRequestHasTheSizeOfARealOne) {
  Options options;
  options.browser = true;
  options.headers = {"X-Forwarded-For: 203.0.113.{rand:255}"};
  const std::string text = request_text(options, "p.example", "/hpx.gif?a=1");
  EXPECT_TRUE(text.starts_with("GET /hpx.gif?a=1 HTTP/1.1\r\nHost: p.example\r\n")) << text;
  EXPECT_TRUE(text.ends_with("X-Forwarded-For: 203.0.113.{rand:255}\r\n\r\n")) << text;
  EXPECT_GT(text.size(), 480U);
  EXPECT_LT(text.size(), 620U);
}

TEST(MakePlan, SharesConnectionsAndRequestsOutWithoutRest) {
  Options options = with_url("http://127.0.0.1:9/");
  options.connections = 10;
  options.threads = 3;
  const auto plan = make_plan(options);
  ASSERT_TRUE(plan.ok());
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < plan->threads; ++i) sum += plan->share(1001, i);
  EXPECT_EQ(sum, 1001U);
}

TEST(MakePlan, NeverMoreThreadsThanConnections) {
  Options options = with_url("http://127.0.0.1:9/");
  options.connections = 2;
  options.threads = 8;
  EXPECT_EQ(make_plan(options)->threads, 2U);
}

TEST(MakePlan, UrlsOfOneServerShareATarget) {
  Options options = with_url("http://127.0.0.1:9/a");
  options.urls.push_back("http://127.0.0.1:9/b");
  options.urls.push_back("http://127.0.0.1:10/c");
  const auto plan = make_plan(options);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->targets.size(), 2U);
  EXPECT_EQ(plan->targets[0].templates.size(), 2U);
}

TEST(MakePlan, ErrorsNameWhatIsWrong) {
  const std::string path = testing::TempDir() + "pixel_load_templates.txt";
  std::ofstream(path) << "# comment\n/a?x={seq}\n\nb\n";
  Options options = with_url("http://127.0.0.1:9/");
  options.template_file = path;
  EXPECT_NE(make_plan(options).error().message.find(path + ":4"), std::string::npos);
  options = with_url("http://127.0.0.1:9/?{nothing}");
  EXPECT_NE(make_plan(options).error().message.find("{nothing}"), std::string::npos);
  options = with_url("http://127.0.0.1:9/");
  options.bind_addresses = {"::1"};
  EXPECT_NE(make_plan(options).error().message.find("--bind"), std::string::npos);
  options = with_url("http://127.0.0.1:9/");
  options.ids_file = "/nowhere/ids";
  EXPECT_NE(make_plan(options).error().message.find("/nowhere/ids"), std::string::npos);
}

TEST(CommandLine, ExitCodesAndDefaults) {
  const auto parse = [](std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "pixel-load");
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    auto line = parse_command_line(static_cast<int>(arguments.size()), arguments.data(), "1");
    testing::internal::GetCapturedStderr();
    testing::internal::GetCapturedStdout();
    return line;
  };
  EXPECT_EQ(parse({"--help"}).exit_code, 0);
  EXPECT_EQ(parse({"--version"}).exit_code, 0);
  EXPECT_EQ(parse({}).exit_code, 2);
  EXPECT_EQ(parse({"http://h/", "--nonsense"}).exit_code, 2);
  EXPECT_EQ(parse({"http://h/", "-d", "10"}).exit_code, 2);
  EXPECT_EQ(parse({"http://h/", "-d", "1s", "--warmup", "1s"}).exit_code, 2);
  EXPECT_EQ(parse({"http://h/", "-H", "no colon"}).exit_code, 2);
  EXPECT_EQ(parse({"http://h/"}).options.duration_ns, 10'000'000'000U);
  EXPECT_EQ(parse({"http://h/", "-n", "5"}).options.duration_ns, 0U);
  EXPECT_EQ(parse({"-H", "A: b", "-H", "C: d", "http://h/"}).options.headers.size(), 2U);
  EXPECT_FALSE(parse({"--no-reconnect", "http://h/"}).options.reconnect);
  EXPECT_EQ(parse({"--cpus", "1,2", "http://h/"}).options.cpus, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace pixel::load
