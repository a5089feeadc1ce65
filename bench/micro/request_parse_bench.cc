// SPDX-License-Identifier: Apache-2.0
// What parsing a request head costs, by scan: a browser's 531 bytes, the same with 1.5 KB of
// cookies, and the least a load generator sends; and what http_parser 2.9 takes for the same bytes,
// noting where target, names and values lie, as ours does. Each run checks its result.
#include <benchmark/benchmark.h>
#if PIXEL_HTTP_PARSER
#include <http_parser.h>
#endif

#include <functional>
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

#if PIXEL_HTTP_PARSER
// Where http_parser found the parts: no more than what ours keeps.
struct Noted {
  std::string_view target;
  std::string_view name;
  std::string_view value;
  std::size_t headers_count = 0;
  bool is_complete = false;
};

Noted& noted_by(http_parser* parser) { return *static_cast<Noted*>(parser->data); }

http_parser_settings note_everything() {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = [](http_parser* parser, const char* at, std::size_t bytes) {
    noted_by(parser).target = {at, bytes};
    return 0;
  };
  settings.on_header_field = [](http_parser* parser, const char* at, std::size_t bytes) {
    noted_by(parser).name = {at, bytes};
    return 0;
  };
  settings.on_header_value = [](http_parser* parser, const char* at, std::size_t bytes) {
    noted_by(parser).value = {at, bytes};
    ++noted_by(parser).headers_count;
    return 0;
  };
  settings.on_message_complete = [](http_parser* parser) {
    noted_by(parser).is_complete = true;
    return 0;
  };
  return settings;
}

void parse_with_http_parser(benchmark::State& state, const std::string& request) {
  const http_parser_settings settings = note_everything();
  for (auto _ : state) {
    Noted noted;
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &noted;
    const std::size_t taken =
        http_parser_execute(&parser, &settings, request.data(), request.size());
    if (taken != request.size() || !noted.is_complete) {
      state.SkipWithError("the request was not parsed");
      return;
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(request.size()));
}
#endif

void add(const std::string& parser,
         const std::function<void(benchmark::State&, std::string)>& run) {
  const auto add_one = [&](const char* request_name, std::string request) {
    benchmark::RegisterBenchmark(("parse/" + parser + "/" + request_name).c_str(), run,
                                 std::move(request));
  };
  add_one("chrome_531", std::string(kBenchRequest));
  add_one("cookies_1536", with_cookies());
  add_one("minimal", std::string(kMinimal));
}

const int kRegistered = [] {
  for (const ScanOps* scan : supported_scans()) {
    add(scan->name, [scan](benchmark::State& state, const std::string& request) {
      parse(state, scan, request);
    });
  }
#if PIXEL_HTTP_PARSER
  add("http_parser", parse_with_http_parser);
#endif
  return 0;
}();

}  // namespace
}  // namespace pixel::edge
