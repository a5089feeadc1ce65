// SPDX-License-Identifier: Apache-2.0
// Prometheus text exposition format 0.0.4. COLD.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pixel::base {

/// Builds one scrape. Families must be written whole: open one, then its samples.
class MetricsText {
 public:
  enum class Kind { kCounter, kGauge, kHistogram };

  /// Writes the # HELP and # TYPE lines. Samples that follow belong to it.
  void family(std::string_view name, Kind kind, std::string_view help);
  /// `labels` is empty or `sink="duckdb",state="x"`: already quoted; see quote_label.
  void sample(std::string_view labels, std::uint64_t value);
  void sample(std::string_view labels, double value);
  /// A whole histogram of the open family: `counts` has one number per bound and one for all above
  /// the last, each of its own bucket alone (they are added up here). Bounds and sum in base units.
  void histogram(std::string_view labels, std::span<const double> bounds,
                 std::span<const std::uint64_t> counts, double sum);

  const std::string& text() const noexcept { return text_; }

  /// `name="value"` with the value escaped as the format asks.
  static std::string quote_label(std::string_view name, std::string_view value);

 private:
  void sample_text(std::string_view labels, std::string_view value);
  std::string name_;
  std::string text_;
};

}  // namespace pixel::base
