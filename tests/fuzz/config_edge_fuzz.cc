// SPDX-License-Identifier: Apache-2.0
// Any text as the edge's configuration: each error names the file; what has none is dumped, read
// back to the same, and its routes can be built.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "edge/config.h"
#include "edge/config_reload.h"
#include "edge/routes/route_book.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = pixel::edge::load_config_text(text, "fuzz.toml");
  for (const std::string& error : loaded.errors) CHECK(error.starts_with("fuzz.toml:"));
  if (!loaded.errors.empty()) return 0;

  const std::string dumped = pixel::edge::dump(loaded.config);
  const auto again = pixel::edge::load_config_text(dumped, "fuzz.toml");
  CHECK(again.errors.empty());
  CHECK(pixel::edge::dump(again.config) == dumped);
  CHECK(pixel::edge::restart_only_differences(loaded.config, again.config).empty());

  const auto& routes = loaded.config.http.routes;
  const bool reads_files = std::any_of(routes.begin(), routes.end(),
                                       [](const auto& route) { return !route.file.empty(); });
  if (!reads_files) {
    const auto book = pixel::edge::RouteBook::create(loaded.config.http);
    // A text may be too long for an answer; everything else has been checked.
    CHECK(book.ok() || book.error().message.find("is the limit") != std::string::npos);
  }
  return 0;
}
