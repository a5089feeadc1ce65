// SPDX-License-Identifier: Apache-2.0
// See clickhouse_config.h. COLD.
#include "shipper/sinks/clickhouse/clickhouse_config.h"

#include <array>

#include "shipper/decode/columns.h"

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"row_binary", "tsv"};
constexpr std::array<std::string_view, 3> kDeduplications = {"auto", "check", "none"};
constexpr std::array<std::string_view, 3> kPartitions = {"month", "day", "none"};
constexpr std::array<const char*, 3> kPartitionTexts = {"toYYYYMM({time})", "toDate({time})", ""};

}  // namespace

void read_clickhouse_config(base::ConfigSection& section, ClickhouseOptions& options) {
  std::size_t format = 0;
  std::size_t deduplication = 0;
  std::size_t partition = 0;
  section.read("url", options.url);
  if (!options.url.starts_with("http://") && !options.url.starts_with("https://")) {
    section.fail("url", "the URL of the HTTP interface, such as \"http://127.0.0.1:8123\"");
  }
  while (options.url.ends_with('/')) options.url.pop_back();
  read_http_settings(section, options.connection);
  section.read("database", options.database);
  if (!is_column_name(options.database)) {
    section.fail("database", "a name of lower case letters, digits and '_'");
  }
  section.read("user", options.user);
  read_secret(section, "password", options.password);
  if (options.password.is_set() && options.user.empty())
    section.fail("password", "a user beside it");
  section.read_choice("format", kFormats, format);
  options.is_binary = format == 0;
  section.read("gzip", options.gzip);
  section.read("async_insert", options.async_insert);
  section.read_choice("deduplication", kDeduplications, deduplication);
  options.deduplication = static_cast<ClickhouseDeduplication>(deduplication);
  section.read("engine", options.engine);
  section.read_choice("partition", kPartitions, partition);
  options.partition_by = kPartitionTexts[partition];
  section.read("deduplication_window", options.deduplication_window, {0, 1'000'000});
}

}  // namespace pixel::shipper
