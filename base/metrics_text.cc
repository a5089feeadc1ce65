// SPDX-License-Identifier: Apache-2.0
// COLD: see metrics_text.h.
#include "base/metrics_text.h"

#include <fmt/format.h>

#include <cmath>

#include "base/assert.h"

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
  constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
  text_ += fmt::format("\n# TYPE {} {}\n", name, kTypes[static_cast<std::size_t>(kind)]);
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

void MetricsText::histogram(std::string_view labels, std::span<const double> bounds,
                            std::span<const std::uint64_t> counts, double sum) {
  CHECK(counts.size() == bounds.size() + 1);
  const std::string family = name_;
  const std::string before = labels.empty() ? "" : fmt::format("{},", labels);
  std::uint64_t total = 0;
  name_ = family + "_bucket";
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    const std::string bound = i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf";
    sample(fmt::format("{}le=\"{}\"", before, bound), total);
  }
  name_ = family + "_sum";
  sample(labels, sum);
  name_ = family + "_count";
  sample(labels, total);
  name_ = family;
}

std::string MetricsText::quote_label(std::string_view name, std::string_view value) {
  std::string quoted = fmt::format("{}=\"", name);
  append_escaped(quoted, value, true);
  quoted += '"';
  return quoted;
}

}  // namespace pixel::base
