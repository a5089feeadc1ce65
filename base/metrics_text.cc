// SPDX-License-Identifier: Apache-2.0
// COLD: see metrics_text.h.
#include "base/metrics_text.h"

#include <fmt/format.h>

namespace pixel::base {

void MetricsText::family(std::string_view name, Kind kind, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                       kind == Kind::kCounter ? "counter" : "gauge");
}

void MetricsText::sample_text(std::string_view labels, std::string_view value) {
  text_ += name_;
  if (!labels.empty()) text_ += fmt::format("{{{}}}", labels);
  text_ += fmt::format(" {}\n", value);
}

void MetricsText::sample(std::string_view labels, std::uint64_t value) {
  sample_text(labels, fmt::format("{}", value));
}

void MetricsText::sample(std::string_view labels, double value) {
  sample_text(labels, fmt::format("{}", value));
}

std::string MetricsText::quote_label(std::string_view name, std::string_view value) {
  std::string quoted = fmt::format("{}=\"", name);
  for (const char c : value) {
    if (c == '\\' || c == '"') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  quoted += '"';
  return quoted;
}

}  // namespace pixel::base
