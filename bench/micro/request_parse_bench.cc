// SPDX-License-Identifier: Apache-2.0
// What parsing a request head costs, by scan: a browser's 531 bytes, the same with 1.5 KB of
// cookies, and the least a load generator sends. Each run checks its result.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "bench_request.h"
#include "edge/http/parse_step.h"

namespace pixel::edge {
namespace {

constexpr std::string_view kMinimal = "GET /pixel.gif HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string with_cookies() {
  std::string request(kBenchRequest.substr(0, kBenchRequest.size() - 2));
  request += "Cookie: _ga=GA1.2.1234567890.1700000000";
  while (request.size() < kBenchRequest.size() + 1536) request += "; _session_part=4f1c2a7e9d53";
  return request + "\r\n\r\n";
}

void parse(benchmark::State& state, const ScanOps* scan, const std::string& request) {
  const ParseLimits limits;
  RequestView view;
  for (auto _ : state) {
    const char* data = request.data();
    benchmark::DoNotOptimize(data);
    const ParseResult result = parse_request_with(*scan, {data, request.size()}, limits, view);
    benchmark::DoNotOptimize(view);
    if (result.status != ParseStatus::kComplete || view.head_bytes != request.size()) {
      state.SkipWithError("the request was not parsed");
      return;
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(request.size()));
}

const int kRegistered = [] {
  for (const ScanOps* scan : supported_scans()) {
    const std::string name = scan->name;
    const auto add = [&](const char* request_name, std::string request) {
      benchmark::RegisterBenchmark(("parse/" + name + "/" + request_name).c_str(), parse, scan,
                                   std::move(request));
    };
    add("chrome_531", std::string(kBenchRequest));
    add("cookies_1536", with_cookies());
    add("minimal", std::string(kMinimal));
  }
  return 0;
}();

}  // namespace
}  // namespace pixel::edge
