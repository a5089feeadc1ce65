// SPDX-License-Identifier: Apache-2.0
// What it costs to know the client: an address read and written, X-Forwarded-For behind one
// balancer and behind a long list of networks, Forwarded, and a PROXY header as HAProxy sends it
// with TLS and a checksum. Each run checks its result.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "edge/client/client_rules.h"
#include "edge/client/crc32c.h"
#include "edge/client/proxy_header.h"

namespace pixel::edge {
namespace {

using std::string_literals::operator""s;

void parse_v4(benchmark::State& state) {
  const std::string text = "203.0.113.195";
  for (auto _ : state) {
    std::string_view view = text;
    benchmark::DoNotOptimize(view);
    const auto address = parse_address(view);
    if (!address) return state.SkipWithError("no address");
    benchmark::DoNotOptimize(address);
  }
}
BENCHMARK(parse_v4);

void parse_v6(benchmark::State& state) {
  const std::string text = "2001:db8:85a3::8a2e:370:7334";
  for (auto _ : state) {
    std::string_view view = text;
    benchmark::DoNotOptimize(view);
    const auto address = parse_address(view);
    if (!address) return state.SkipWithError("no address");
    benchmark::DoNotOptimize(address);
  }
}
BENCHMARK(parse_v6);

void format(benchmark::State& state, std::string_view expected) {
  IpAddress address = parse_address(expected).value();
  char text[kAddressTextBytesMax];
  for (auto _ : state) {
    benchmark::DoNotOptimize(address);
    const std::size_t bytes = format_address(address, text);
    benchmark::DoNotOptimize(text);
    if (bytes != expected.size()) return state.SkipWithError("another text");
  }
}
BENCHMARK_CAPTURE(format, v4, "203.0.113.195");
BENCHMARK_CAPTURE(format, v6, "2001:db8:85a3::8a2e:370:7334");

ClientOptions options_of(ClientSource source, int networks_count) {
  ClientOptions options;
  options.source = source;
  for (int i = 0; i < networks_count; ++i) {
    options.trusted.push_back("10." + std::to_string(i) + ".0.0/16");
  }
  return options;
}

void resolve(benchmark::State& state, const ClientOptions& options, const RequestView& request) {
  const ClientRules rules = ClientRules::create(options).value();
  const IpAddress peer = parse_address("10.0.0.1").value();
  const IpAddress expected = parse_address("203.0.113.195").value();
  ClientIdentity client;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&request);
    benchmark::ClobberMemory();
    rules.resolve(request, peer, 80, client);
    benchmark::DoNotOptimize(client);
    if (client.address != expected) return state.SkipWithError("another client");
  }
}

void forwarded_for(benchmark::State& state, std::string_view line, int networks_count) {
  RequestView request;
  request.forwarded_for.add(line);
  request.extra.set(ExtraHeader::kForwardedProto, "https");
  resolve(state, options_of(ClientSource::kXForwardedFor, networks_count), request);
}
BENCHMARK_CAPTURE(forwarded_for, one_v4, "203.0.113.195", 1);
BENCHMARK_CAPTURE(forwarded_for, one_v4_200_networks, "203.0.113.195", 200);
BENCHMARK_CAPTURE(forwarded_for, three_proxies, "203.0.113.195, 10.3.0.1, 10.2.0.1, 10.1.0.1", 200);

void forwarded(benchmark::State& state) {
  RequestView request;
  request.forwarded.add("for=\"203.0.113.195:4711\";proto=https;host=px.example.com");
  resolve(state, options_of(ClientSource::kForwarded, 1), request);
}
BENCHMARK(forwarded);

std::string two_bytes(std::size_t number) {
  return {static_cast<char>(number >> 8 & 0xff), static_cast<char>(number & 0xff)};
}
std::string tlv(int type, const std::string& value) {
  return static_cast<char>(type) + two_bytes(value.size()) + value;
}

std::string proxy_v2_with_tls() {
  const std::string ends = "\xcb\x00\x71\xc3\x0a\x00\x00\x01\x03\xe8\x01\xbb"s;
  const std::string ssl =
      tlv(0x20, "\1\0\0\0\0"s + tlv(0x21, "TLSv1.3") + tlv(0x23, "TLS_AES_256_GCM_SHA384"));
  const std::string block = ends + tlv(3, "\0\0\0\0"s) + tlv(2, "px.example.com") + ssl;
  std::string header = "\r\n\r\n\0\r\nQUIT\n\x21\x11"s + two_bytes(block.size()) + block;
  const std::uint32_t sum = crc32c_end(crc32c_add(kCrc32cBegin, header));
  return header.replace(16 + ends.size() + 3, 4, two_bytes(sum >> 16) + two_bytes(sum & 0xffff));
}

void proxy_header(benchmark::State& state, const std::string& bytes) {
  ProxyHeader header;
  for (auto _ : state) {
    std::string_view view = bytes;
    benchmark::DoNotOptimize(view);
    const ProxyResult result = parse_proxy_header(view, header);
    benchmark::DoNotOptimize(header);
    if (result.status != ProxyStatus::kComplete) return state.SkipWithError("no header");
  }
}
BENCHMARK_CAPTURE(proxy_header, v1, "PROXY TCP4 203.0.113.195 10.0.0.1 1000 443\r\n");
BENCHMARK_CAPTURE(proxy_header, v2_tls, proxy_v2_with_tls());

}  // namespace
}  // namespace pixel::edge
