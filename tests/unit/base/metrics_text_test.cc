// SPDX-License-Identifier: Apache-2.0
#include "base/metrics_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace pixel::base {
namespace {

TEST(MetricsText, AFamilyAndItsSamples) {
  MetricsText metrics;
  metrics.family("lines_written_total", MetricsText::Kind::kCounter, "Lines published.");
  metrics.sample("", std::uint64_t{UINT64_MAX});
  metrics.sample("worker=\"3\"", std::uint64_t{0});
  metrics.family("lag_seconds", MetricsText::Kind::kGauge, "Age of the oldest line.");
  metrics.sample("sink=\"lake\",state=\"x\"", 0.25);
  EXPECT_EQ(metrics.text(),
            "# HELP lines_written_total Lines published.\n"
            "# TYPE lines_written_total counter\n"
            "lines_written_total 18446744073709551615\n"
            "lines_written_total{worker=\"3\"} 0\n"
            "# HELP lag_seconds Age of the oldest line.\n"
            "# TYPE lag_seconds gauge\n"
            "lag_seconds{sink=\"lake\",state=\"x\"} 0.25\n");
}

TEST(MetricsText, HelpIsOneLine) {
  MetricsText metrics;
  metrics.family("a", MetricsText::Kind::kGauge, "one\\two\nthree");
  EXPECT_EQ(metrics.text(), "# HELP a one\\\\two\\nthree\n# TYPE a gauge\n");
}

TEST(MetricsText, NumbersThatAreNone) {
  MetricsText metrics;
  metrics.family("a", MetricsText::Kind::kGauge, "x");
  const std::size_t before = metrics.text().size();
  metrics.sample("", std::numeric_limits<double>::infinity());
  metrics.sample("", -std::numeric_limits<double>::infinity());
  metrics.sample("", std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(metrics.text().substr(before), "a +Inf\na -Inf\na NaN\n");
}

TEST(MetricsText, AHistogramAddsItsBucketsUp) {
  MetricsText metrics;
  metrics.family("took_seconds", MetricsText::Kind::kHistogram, "x");
  const std::size_t before = metrics.text().size();
  constexpr double kBounds[] = {0.5, 2};
  constexpr std::uint64_t kCounts[] = {1, 0, 3};
  metrics.histogram("sink=\"a\"", kBounds, kCounts, 9.5);
  metrics.histogram("", kBounds, kCounts, 0);
  EXPECT_EQ(metrics.text().substr(before),
            "took_seconds_bucket{sink=\"a\",le=\"0.5\"} 1\n"
            "took_seconds_bucket{sink=\"a\",le=\"2\"} 1\n"
            "took_seconds_bucket{sink=\"a\",le=\"+Inf\"} 4\n"
            "took_seconds_sum{sink=\"a\"} 9.5\n"
            "took_seconds_count{sink=\"a\"} 4\n"
            "took_seconds_bucket{le=\"0.5\"} 1\n"
            "took_seconds_bucket{le=\"2\"} 1\n"
            "took_seconds_bucket{le=\"+Inf\"} 4\n"
            "took_seconds_sum 0\n"
            "took_seconds_count 4\n");
}

TEST(MetricsText, LabelsAreQuoted) {
  EXPECT_EQ(MetricsText::quote_label("sink", "duckdb"), "sink=\"duckdb\"");
  EXPECT_EQ(MetricsText::quote_label("a", "x\"y\\z\n"), "a=\"x\\\"y\\\\z\\n\"");
  EXPECT_EQ(MetricsText::quote_label("a", ""), "a=\"\"");
}

}  // namespace
}  // namespace pixel::base
