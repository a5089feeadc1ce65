// SPDX-License-Identifier: Apache-2.0
// Any query string: its parts lie in it, each name finds the first of its kind, decoding never
// grows; and escaping goes round in every variant.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "logfmt/escape.h"
#include "logfmt/escape_variants.h"
#include "logfmt/query.h"
#include "logfmt/unescape.h"

namespace pixel::logfmt {
namespace {

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_query(std::string_view query) {
  std::size_t bytes = 0;
  for_each_query_parameter(query, [&](std::string_view name, std::string_view value) {
    CHECK(lies_in(name, query) && lies_in(value, query));
    CHECK(name.find_first_of("&=") == std::string_view::npos);
    CHECK(value.find('&') == std::string_view::npos);
    CHECK(decode_query_value(value).size() <= value.size());
    bytes += name.size() + value.size();
  });
  CHECK(bytes <= query.size());
}

// Quadratic: for the first parameters only.
void check_find(std::string_view query) {
  std::vector<std::pair<std::string, std::string_view>> seen;
  for_each_query_parameter(query, [&](std::string_view raw_name, std::string_view value) {
    if (seen.size() >= 16) return;
    const std::string name = decode_query_value(raw_name);
    std::string_view first = value;
    for (auto it = seen.rbegin(); it != seen.rend(); ++it) {
      if (it->first == name) first = it->second;
    }
    CHECK(find_query_parameter(query, name) == first);
    seen.emplace_back(name, value);
  });
}

using EscapeFunction = char* (*)(std::string_view, char*) noexcept;

std::string run(EscapeFunction function, std::string_view raw) {
  std::vector<char> out(kEscapeGrowth * raw.size() + kEscapeSlackBytes);
  return std::string(out.data(), function(raw, out.data()));
}

void check_escape(std::string_view raw) {
  const std::string expected = run(escape_scalar, raw);
  CHECK(unescape(expected) == raw);
  CHECK(run(escape, raw) == expected);
#if PIXEL_X86_64
  CHECK(run(escape_sse2, raw) == expected);
  if (base::cpu_has_avx2()) CHECK(run(escape_avx2, raw) == expected);
  if (base::cpu_has_avx512()) CHECK(run(escape_avx512, raw) == expected);
#endif
}

}  // namespace
}  // namespace pixel::logfmt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  pixel::logfmt::check_query(text);
  pixel::logfmt::check_find(text);
  pixel::logfmt::check_escape(text);
  return 0;
}
