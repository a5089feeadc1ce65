// SPDX-License-Identifier: Apache-2.0
// COLD: the built-in parts of User-Agents, and reading them from a file (`bots.agents_file`).
#include <iterator>
#include <string_view>

#include "base/file.h"
#include "edge/policy/bots.h"
#include "edge/policy/option_checks.h"
#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

// Short ones find the same and match faster (see bots.cc).
// Not in it, on purpose: the image proxies of mail services (GoogleImageProxy, YahooMailProxy),
// behind which a person opens a mail; okhttp and CFNetwork, with which apps send their events.
constexpr std::string_view kBuiltIn[] = {
    // Robots by what most of them call themselves; "+http" is the address they leave.
    "bot",
    "!cubot",
    "crawl",
    "spider",
    "slurp",
    "scraper",
    "+http",
    "archiver",
    "heritrix",
    "httrack",
    "nutch",
    "feedfetcher",
    "mediapartners",
    "googleother",
    "inspectiontool",
    "apis-google",
    "chatgpt-user",
    "perplexity",
    // Browsers without a person.
    "headless",
    "phantomjs",
    "puppeteer",
    "playwright",
    "selenium",
    "lighthouse",
    "pagespeed",
    "ptst/",
    // Libraries and tools.
    "curl/",
    "wget/",
    "python-request",
    "python-urllib",
    "python-httpx",
    "aiohttp",
    "scrapy",
    "go-http-client",
    "java/",
    "libwww-perl",
    "apache-http",
    "httpie",
    "postman",
    "zgrab",
    "masscan",
    "nikto",
    "nuclei",
    // Monitoring and health checks.
    "pingdom",
    "statuscake",
    "site24x7",
    "datadog",
    "blackbox",
    "check_http",
    "healthcheck",
    "googlehc",
    "kube-probe",
    // Fetchers of link previews.
    "externalhit",
    "facebookcatalog",
    "whatsapp/",
    "uripreview",
    "bingpreview",
    "embedly",
    "vkshare",
    "imgproxy",
    "flipboardproxy",
};

bool has_control(std::string_view text) {
  for (const char byte : text) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) return true;
  }
  return false;
}

// Why a line is no part of an agent; empty: it is one.
std::string_view fault_of(std::string_view part) {
  if (part == "!") return "expected a part of a User-Agent behind '!'";
  if (part.size() > kAgentPartBytesMax) return "expected at most 128 bytes";
  if (has_control(part)) return "a control byte, which no User-Agent holds";
  return {};
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return policy_text::trim(line);
}

}  // namespace

std::vector<std::string> built_in_agents() { return {std::begin(kBuiltIn), std::end(kBuiltIn)}; }

base::Result<std::vector<std::string>> read_agents(const std::filesystem::path& path) {
  auto content = base::read_file(path);
  if (!content) return content.error();
  std::vector<std::string> parts;
  std::size_t bytes = 0;
  std::string_view rest = *content;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = take_line(rest);
    if (line.empty() || line.starts_with('#')) continue;
    if (const std::string_view fault = fault_of(line); !fault.empty()) {
      return base::Error{fmt::format("{}:{}: {}", path.string(), number, fault)};
    }
    bytes += line.size();
    if (bytes > kAgentPartsBytesMax) {
      return base::Error{fmt::format("{}:{}: more than 32 KiB of parts; shorter ones find more",
                                     path.string(), number)};
    }
    parts.emplace_back(line);
  }
  if (parts.empty()) {
    return base::Error{
        fmt::format("{}: no part of a User-Agent in it; leave bots.agents_file out "
                    "for the built-in list",
                    path.string())};
  }
  return parts;
}

}  // namespace pixel::edge
