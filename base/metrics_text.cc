// SPDX-License-Identifier: Apache-2.0
// COLD: see metrics_text.h.
#include "base/metrics_text.h"

#include <fmt/format.h>

#include <cmath>

namespace pixel::base {
namespace {

void append_escaped(std::string& text, std::string_view value, bool escape_quote) {
  for (const char c : value) {
    if (c == '\\' || (c == '"' && escape_quote)) text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
}

}  // namespace

void MetricsText::family(std::string_view name, Kind kind, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} ", name);
  append_escaped(text_, help, false);
  text_ += fmt::format("\n# TYPE {} {}\n", name, kind == Kind::kCounter ? "counter" : "gauge");
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
  // The format's own spelling of what is no number.
  if (std::isnan(value)) return sample_text(labels, "NaN");
  if (std::isinf(value)) return sample_text(labels, value > 0 ? "+Inf" : "-Inf");
  sample_text(labels, fmt::format("{}", value));
}

std::string MetricsText::quote_label(std::string_view name, std::string_view value) {
  std::string quoted = fmt::format("{}=\"", name);
  append_escaped(quoted, value, true);
  quoted += '"';
  return quoted;
}

}  // namespace pixel::base
