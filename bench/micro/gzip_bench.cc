// SPDX-License-Identifier: Apache-2.0
// Objects for S3: log lines sorted by hour, compressed, and hashed for their signature. One core.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/prng.h"
#include "shipper/encode/gzip_encoder.h"
#include "shipper/sinks/s3/s3_objects.h"
#include "shipper/transport/digest.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kTextBytes = 16 << 20;

/// Lines that differ as those of a real log do: time, address, identifiers, browser.
std::string make_text() {
  base::Prng prng(4);
  std::string text;
  for (std::uint64_t n = 0; text.size() < kTextBytes; ++n) {
    text += fmt::format(
        "2026-11-20\t18:{:02}:{:02}\tDFW3\t401\t198.51.{}.{}\tGET\td1.example.net\t/p.gif\t200\t"
        "https://www.example.com/articles/{}\tMozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)"
        "%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/{}.0.0.0%20Safari/537.36\t"
        "a={:x}&b=view&c={}&d={:x}\t-\tHit\t{:016x}{:06x}\tpx.example.com\thttp\t{}\t0.00{}\t-\t-\t"
        "-\tHit\tHTTP/1.1\t-\t-\t{}\t0.001\tHit\timage/gif\t43\t-\t-\n",
        n / 60000 % 60, n / 1000 % 60, prng.below(256), prng.below(256), prng.below(5000),
        100 + prng.below(30), prng.next(), prng.below(100), prng.next(), prng.next(),
        prng.below(1 << 24), 400 + prng.below(300), prng.below(9), 1024 + prng.below(60000));
  }
  return text;
}

void report_bytes(benchmark::State& state, const std::string& text) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void gzip_lines(benchmark::State& state) {
  const std::string text = make_text();
  GzipEncoder encoder;
  std::size_t bytes = 0;
  for (auto _ : state) {
    auto member = encoder.encode(text);
    bytes = member->size();
    benchmark::DoNotOptimize(member);
  }
  report_bytes(state, text);
  state.counters["ratio"] = static_cast<double>(bytes) / static_cast<double>(text.size());
}
BENCHMARK(gzip_lines);

void plan_lines(benchmark::State& state) {
  const std::string text = make_text();
  Batch batch;
  batch.lines.push_back({{}, 0, text});
  const S3SinkSettings settings;
  for (auto _ : state) benchmark::DoNotOptimize(s3::plan_objects(batch, settings, {}));
  report_bytes(state, text);
}
BENCHMARK(plan_lines);

// All that deliver() does before it sends.
void make_objects(benchmark::State& state) {
  const std::string text = make_text();
  Batch batch;
  batch.lines.push_back({{}, 0, text});
  const S3SinkSettings settings;
  GzipEncoder encoder;
  for (auto _ : state) {
    for (const s3::PlannedObject& object : s3::plan_objects(batch, settings, {})) {
      const auto member = encoder.encode(object.text.pieces());
      benchmark::DoNotOptimize(hex(sha256(*member)));
    }
  }
  report_bytes(state, text);
}
BENCHMARK(make_objects);

}  // namespace
}  // namespace pixel::shipper
