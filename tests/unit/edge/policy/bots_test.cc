// SPDX-License-Identifier: Apache-2.0
// The automaton against a search that is slow and plain; the built-in list against agents as they
// come; agents files, good and bad.
#include "edge/policy/bots.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/prng.h"
#include "edge/policy/text.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

constexpr std::string_view kRobots[] = {
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/116.0",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "HeadlessChrome/120.0.0.0 Safari/537.36",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "curl/7.88.1",
    "Wget/1.21.3",
    "python-requests/2.31.0",
    "Go-http-client/1.1",
    "ELB-HealthChecker/2.0",
    "GoogleHC/1.0",
    "kube-probe/1.28",
    "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
    "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "A CUBOT that is a Bot",
};

constexpr std::string_view kPeople[] = {
    "",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/96.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 7.0; CUBOT NOTE Plus) AppleWebKit/537.36 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "okhttp/4.12.0",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Instagram 305.0.0.34.110 Android",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10",
};

// Whether a part ends at a place where no longer '!' part ends.
bool search_plainly(const std::vector<std::string>& parts, std::string_view agent) {
  std::string text(agent);
  for (char& byte : text) byte = policy_text::lower(byte);
  for (std::size_t end = 1; end <= text.size(); ++end) {
    std::size_t longest = 0;
    bool found = false;
    for (std::string part : parts) {
      const bool takes_back = part[0] == '!';
      if (takes_back) part.erase(0, 1);
      for (char& byte : part) byte = policy_text::lower(byte);
      if (part.size() <= longest || !std::string_view(text).substr(0, end).ends_with(part)) {
        continue;
      }
      longest = part.size();
      found = !takes_back;
    }
    if (found) return true;
  }
  return false;
}

TEST(BotsTest, TheBuiltInListKnowsRobots) {
  const BotMatcher matcher(built_in_agents());
  for (const std::string_view agent : kRobots) EXPECT_TRUE(matcher.matches(agent)) << agent;
}

TEST(BotsTest, TheBuiltInListLetsPeopleBe) {
  const BotMatcher matcher(built_in_agents());
  for (const std::string_view agent : kPeople) EXPECT_FALSE(matcher.matches(agent)) << agent;
}

TEST(BotsTest, EveryBuiltInPartIsFoundAtEveryPlace) {
  const std::vector<std::string> parts = built_in_agents();
  EXPECT_GE(parts.size(), 40U);
  const BotMatcher matcher(parts);
  const std::string filler(200, '_');
  for (const std::string& part : parts) {
    if (part[0] == '!') continue;
    for (std::size_t agent_bytes = part.size(); agent_bytes < 160; ++agent_bytes) {
      for (std::size_t at = 0; at + part.size() <= agent_bytes; at += 1 + agent_bytes / 40) {
        const std::string agent = std::string(filler).replace(at, part.size(), part);
        ASSERT_TRUE(matcher.matches(std::string_view(agent).substr(0, agent_bytes)))
            << part << " at " << at << " of " << agent_bytes;
      }
    }
  }
}

TEST(BotsTest, AgreesWithAPlainSearch) {
  base::Prng prng(20261120);
  for (int run = 0; run < 300; ++run) {
    std::vector<std::string> parts;
    for (std::uint64_t count = 1 + prng.below(6); count > 0; --count) {
      std::string part = prng.chance(1, 3) ? "!" : "";
      for (std::uint64_t i = 1 + prng.below(5); i > 0; --i) part += "abAB"[prng.below(4)];
      parts.push_back(part);
    }
    // A part that is both said and taken back has no one answer.
    bool twice = false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (std::size_t j = 0; j < parts.size(); ++j) {
        std::string a = parts[i];
        std::string b = parts[j];
        for (char& byte : a) byte = policy_text::lower(byte);
        for (char& byte : b) byte = policy_text::lower(byte);
        twice |= a == "!" + b;
      }
    }
    if (twice) continue;
    const BotMatcher matcher(parts);
    for (int text = 0; text < 200; ++text) {
      std::string agent;
      for (std::uint64_t i = prng.below(130); i > 0; --i) agent += "aabBc"[prng.below(5)];
      ASSERT_EQ(matcher.matches(agent), search_plainly(parts, agent)) << agent;
    }
  }
}

TEST(BotsTest, NoByteBeyondTheAgentIsRead) {
  const BotMatcher matcher(built_in_agents());
  logfmt::GuardedText guarded(256);
  for (const std::string_view agent : kRobots) {
    for (std::size_t cut = 0; cut <= agent.size(); ++cut) {
      const std::string_view text = guarded.set(agent.substr(0, cut));
      EXPECT_EQ(matcher.matches(text), search_plainly(built_in_agents(), text));
    }
  }
}

// Parts and agents of all lengths: the lanes begin at other places each time.
TEST(BotsTest, LanesOfAllLengthsEndAtTheAgent) {
  logfmt::GuardedText guarded(512);
  for (std::size_t part_bytes = 1; part_bytes <= kAgentPartBytesMax; part_bytes += 3) {
    const std::string part = std::string(part_bytes - 1, 'a') + 'b';
    const BotMatcher matcher({part, "!c" + part.substr(part.size() / 2)});
    for (std::size_t agent_bytes = part_bytes; agent_bytes <= 300; ++agent_bytes) {
      const std::size_t at = (agent_bytes * 7) % (agent_bytes - part_bytes + 1);
      std::string agent(agent_bytes, 'x');
      ASSERT_FALSE(matcher.matches(guarded.set(agent)));
      agent.replace(at, part_bytes, part);
      ASSERT_TRUE(matcher.matches(guarded.set(agent))) << part_bytes << " at " << at;
    }
  }
}

TEST(BotsTest, AnEmptyMatcherFindsNothing) { EXPECT_FALSE(BotMatcher().matches("Googlebot")); }

TEST(BotsTest, PartsMayHoldAnyByte) {
  std::vector<std::string> parts;
  for (unsigned byte = 0x20; byte < 256; ++byte) {
    if (byte == '!') continue;  // At a part's beginning it has a meaning of its own.
    parts.push_back(std::string(2, static_cast<char>(byte)) + '~');
  }
  const BotMatcher matcher(parts);
  for (unsigned byte = 0x20; byte < 256; ++byte) {
    if (byte == '!') continue;
    const std::string part = std::string(2, static_cast<char>(byte)) + '~';
    EXPECT_TRUE(matcher.matches("x" + part)) << byte;
    EXPECT_FALSE(matcher.matches("x" + part.substr(0, 2) + '\x01')) << byte;
  }
}

class AgentsFileTest : public testing::Test {
 protected:
  ~AgentsFileTest() override { std::filesystem::remove(path_); }

  std::string read(std::string_view content) {
    std::ofstream(path_, std::ios::binary) << content;
    const auto parts = read_agents(path_);
    if (!parts) return parts.error().message.substr(path_.string().size());
    std::string joined;
    for (const std::string& part : *parts) joined += "[" + part + "]";
    return joined;
  }

  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("pixel_agents_" + std::to_string(::getpid()) + ".txt");
};

TEST_F(AgentsFileTest, OnePartALine) {
  EXPECT_EQ(read("bot\n# a comment\n\n  two words \r\n!cubot\nlast"),
            "[bot][two words][!cubot][last]");
}

TEST_F(AgentsFileTest, ErrorsNameFileAndLine) {
  EXPECT_EQ(read("bot\n!\n"), ":2: expected a part of a User-Agent behind '!'");
  EXPECT_EQ(read("bot\n#\n" + std::string(129, 'x')), ":3: expected at most 128 bytes");
  EXPECT_EQ(read("a\tb\n"), ":1: a control byte, which no User-Agent holds");
  EXPECT_EQ(read("# nothing\n"),
            ": no part of a User-Agent in it; leave bots.agents_file out for the built-in list");
  std::string many;
  for (int i = 0; i < 300; ++i) many += std::string(120, 'x') + "\n";
  EXPECT_EQ(read(many), ":274: more than 32 KiB of parts; shorter ones find more");
}

TEST_F(AgentsFileTest, AMissingFileIsNamed) {
  const auto parts = read_agents("/nonexistent/agents.txt");
  ASSERT_FALSE(parts.ok());
  EXPECT_EQ(parts.error().message,
            "cannot open /nonexistent/agents.txt: No such file or directory");
}

}  // namespace
}  // namespace pixel::edge::test
