// SPDX-License-Identifier: Apache-2.0
// Does it pay to remember each connection's header block, which browsers repeat byte for byte? A
// hit costs a comparison and a copy of the view instead of a parse; the same for the escaped user
// agent. Over 1, 64 and 1024 connections in turn: what is remembered must come from some cache too.
// The edge does the first, for as many connections as that cache holds (docs/PERFORMANCE.md).
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include "bench_line.h"
#include "edge/http/parser.h"
#include "logfmt/escape.h"

namespace pixel::edge {
namespace {

std::string request_of(std::size_t connection) {
  return "GET /pixel.gif?a=view&b=1732128720123&c=4f1c2a7e-9d53-4b16 HTTP/1.1\r\n"
         "Host: px.example.com\r\nConnection: keep-alive\r\n"
         "User-Agent: " +
         std::string(logfmt::kBenchUserAgent) + " c" + std::to_string(100'000 + connection) +
         "\r\nAccept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8\r\n"
         "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n"
         "Referer: https://shop.example/basket\r\nAccept-Encoding: gzip, deflate, br\r\n"
         "Accept-Language: en-US,en;q=0.9\r\n\r\n";
}

struct Remembered {
  std::string block;  // From the end of the request line on.
  RequestView view;
};

std::vector<std::string> requests_of(std::int64_t count) {
  std::vector<std::string> requests;
  for (std::int64_t i = 0; i < count; ++i) {
    requests.push_back(request_of(static_cast<std::size_t>(i)));
  }
  return requests;
}

std::size_t block_begin(const std::string& request) { return request.find("\r\n") + 2; }

void BM_Parse(benchmark::State& state) {
  const auto requests = requests_of(state.range(0));
  const ParseLimits limits;
  std::size_t at = 0;
  for (auto _ : state) {
    RequestView view;
    if (parse_request(requests[at], limits, view).status != ParseStatus::kComplete) {
      state.SkipWithError("the request was not parsed");
    }
    benchmark::DoNotOptimize(view);
    at = at + 1 == requests.size() ? 0 : at + 1;
  }
}
BENCHMARK(BM_Parse)->Arg(1)->Arg(64)->Arg(1024);

// The request line would still have to be parsed: a lower bound of what a hit costs.
void BM_RememberedHead(benchmark::State& state) {
  const auto requests = requests_of(state.range(0));
  std::vector<Remembered> remembered(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    remembered[i].block = requests[i].substr(block_begin(requests[i]));
    parse_request(requests[i], ParseLimits{}, remembered[i].view);
  }
  std::size_t at = 0;
  for (auto _ : state) {
    const std::string& request = requests[at];
    const Remembered& known = remembered[at];
    const std::size_t begin = request.size() - known.block.size();
    if (std::memcmp(request.data() + begin, known.block.data(), known.block.size()) != 0) {
      state.SkipWithError("another block");
    }
    RequestView view = known.view;
    benchmark::DoNotOptimize(view);
    at = at + 1 == requests.size() ? 0 : at + 1;
  }
}
BENCHMARK(BM_RememberedHead)->Arg(1)->Arg(64)->Arg(1024);

void BM_EscapeAgent(benchmark::State& state) {
  std::vector<std::string> agents;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    agents.push_back(std::string(logfmt::kBenchUserAgent) + std::to_string(100'000 + i));
  }
  std::vector<char> out(4096);
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(logfmt::escape(agents[at], out.data()));
    benchmark::ClobberMemory();
    at = at + 1 == agents.size() ? 0 : at + 1;
  }
}
BENCHMARK(BM_EscapeAgent)->Arg(1)->Arg(64)->Arg(1024);

void BM_RememberedAgent(benchmark::State& state) {
  std::vector<std::string> agents;
  std::vector<std::string> escaped;
  std::vector<char> out(4096);
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    agents.push_back(std::string(logfmt::kBenchUserAgent) + std::to_string(100'000 + i));
    escaped.emplace_back(out.data(), logfmt::escape(agents.back(), out.data()));
  }
  const auto known = agents;
  std::size_t at = 0;
  for (auto _ : state) {
    if (agents[at] != known[at]) state.SkipWithError("another agent");
    std::memcpy(out.data(), escaped[at].data(), escaped[at].size());
    benchmark::ClobberMemory();
    at = at + 1 == agents.size() ? 0 : at + 1;
  }
}
BENCHMARK(BM_RememberedAgent)->Arg(1)->Arg(64)->Arg(1024);

}  // namespace
}  // namespace pixel::edge
