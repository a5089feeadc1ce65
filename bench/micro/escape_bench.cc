// SPDX-License-Identifier: Apache-2.0
// Each variant of escape() on a user agent, a clean text and a text of spaces.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "bench_line.h"
#include "logfmt/escape.h"
#include "logfmt/escape_variants.h"

namespace pixel::logfmt {
namespace {

using EscapeFunction = char* (*)(std::string_view, char*) noexcept;

void run(benchmark::State& state, EscapeFunction function, std::string text) {
  std::vector<char> room(kEscapeGrowth * text.size() + kEscapeSlackBytes);
  for (auto _ : state) {
    benchmark::DoNotOptimize(text.data());
    benchmark::DoNotOptimize(function(text, room.data()));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}

void add(const std::string& name, EscapeFunction function) {
  const std::pair<const char*, std::string> texts[] = {
      {"user_agent", std::string(kBenchUserAgent)},
      {"clean_8", "/hpx.gif"},
      {"clean_51", std::string(bench_input().referer)},
      {"clean_4096", std::string(4096, 'x')},
      {"spaces_64", std::string(64, ' ')}};
  for (const auto& [text_name, text] : texts) {
    benchmark::RegisterBenchmark(
        ("escape/" + name + "/" + text_name).c_str(),
        [function, text = text](benchmark::State& state) { run(state, function, text); });
  }
}

[[maybe_unused]] const bool g_registered = [] {
  add("dispatched", escape);
  add("scalar", escape_scalar);
#if PIXEL_X86_64
  add("sse2", escape_sse2);
  if (base::cpu_has_avx2()) add("avx2", escape_avx2);
  if (base::cpu_has_avx512()) add("avx512", escape_avx512);
#endif
  return true;
}();

}  // namespace
}  // namespace pixel::logfmt
