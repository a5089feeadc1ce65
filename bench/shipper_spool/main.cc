// SPDX-License-Identifier: Apache-2.0
// Fills a spool with lines as browsers cause them, in sealed segments with manifests: what the
// shipper's benchmarks read. The same seed gives the same bytes. COLD.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/prng.h"
#include "logfmt/line_encode.h"
#include "tests/unit/shipper/support/spool_writer.h"

namespace pixel {
namespace {

struct Arguments {
  std::string spool;
  std::uint64_t megabytes = 500;
  std::uint64_t segment_megabytes = 64;
  std::uint64_t workers = 1;
  std::uint64_t seed = 1;
  std::uint64_t seconds = 3600;
};

constexpr std::int64_t kFirstSecond = 1'795'200'720;  // 2026-11-20T18:52:00Z.
constexpr const char* kAgents[] = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36"};
constexpr const char* kPages[] = {"shop/category/product-", "news/2026/11/", "", "search?q="};

// The texts that one line borrows.
struct LineTexts {
  std::string address;
  std::string referer;
  std::string query;
};

void fill(base::Prng& chance, std::uint64_t number, LineTexts& texts, logfmt::LineInput& input) {
  texts.address = fmt::format("203.0.{}.{}", chance.below(256), chance.below(256));
  texts.referer =
      fmt::format("https://www.example.com/{}{}", kPages[chance.below(4)], chance.below(100'000));
  texts.query = fmt::format("a=pageview&b=shop&c=product-{}&d={:016x}-{:08x}",
                            chance.below(100'000), chance.next(), chance.below(1ULL << 32));
  input.client_address = texts.address;
  input.referer = texts.referer;
  input.uri_query = texts.query;
  input.user_agent = kAgents[chance.below(4)];
  input.sequence.sequence = number;
  input.cs_bytes = 400 + chance.below(1000);
  input.client_port = static_cast<std::uint32_t>(1024 + chance.below(64'000));
  input.time_taken_us = chance.below(900);
  input.time_to_first_byte_us = input.time_taken_us;
}

logfmt::LineInput common_input() {
  logfmt::LineInput input;
  input.edge_location = "FRA1";
  input.sc_bytes = 431;
  input.method = "GET";
  input.distribution_host = "d111111abcdef8.cloudfront.net";
  input.uri_stem = "/hpx.gif";
  input.status = 200;
  input.result_type = "Hit";
  input.host_header = "pixel.example.com";
  input.protocol = "https";
  input.ssl_protocol = "TLSv1.3";
  input.ssl_cipher = "TLS_AES_128_GCM_SHA256";
  input.response_result_type = "Hit";
  input.protocol_version = "HTTP/1.1";
  input.detailed_result_type = "Hit";
  input.content_type = "image/gif";
  input.content_length = 43;
  return input;
}

std::uint64_t write_lane(const Arguments& arguments, std::uint16_t worker, std::uint64_t bytes) {
  shipper::SpoolWriter writer(arguments.spool, shipper::test_lane(worker),
                              arguments.segment_megabytes * 1'000'000);
  const logfmt::RequestIdCipher cipher({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  base::Prng chance(arguments.seed + worker);
  logfmt::LineInput input = common_input();
  input.sequence = {1, worker, 100, 0};
  LineTexts texts;
  std::vector<char> room(64 * 1024);
  logfmt::DateTimeText when{};
  std::int64_t second = -1;
  std::uint64_t written = 0;
  std::uint64_t lines = 0;
  for (; written < bytes; ++lines) {
    const auto now = static_cast<std::int64_t>(written * arguments.seconds / bytes);
    if (now != second) when = logfmt::format_date_time(kFirstSecond + (second = now));
    input.when = &when;
    fill(chance, lines, texts, input);
    const std::size_t size = logfmt::encode_line(input, cipher, room.data());
    room[size] = '\n';
    writer.append({room.data(), size + 1});
    written += size + 1;
  }
  writer.finish();
  return lines;
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Fills a spool with lines for the shipper's benchmarks.", "shipper-spool");
  app.add_option("--spool", arguments.spool, "The directory")->required();
  app.add_option("--megabytes", arguments.megabytes, "Of lines, over all lanes")
      ->capture_default_str();
  app.add_option("--segment-megabytes", arguments.segment_megabytes)->capture_default_str();
  app.add_option("--workers", arguments.workers, "Lanes")->capture_default_str();
  app.add_option("--seconds", arguments.seconds, "Of requests")->capture_default_str();
  app.add_option("--seed", arguments.seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::uint64_t lines = 0;
  for (std::uint64_t worker = 0; worker < arguments.workers; ++worker) {
    lines += write_lane(arguments, static_cast<std::uint16_t>(worker),
                        arguments.megabytes * 1'000'000 / arguments.workers);
  }
  fmt::print("{} lines\n", lines);
  return 0;
}

}  // namespace
}  // namespace pixel

int main(int argc, char** argv) { return pixel::run(argc, argv); }
