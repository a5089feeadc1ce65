// SPDX-License-Identifier: Apache-2.0
// See s3_config.h. COLD.
#include "shipper/sinks/s3/s3_config.h"

#include <algorithm>
#include <array>

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"cloudfront", "jsonl"};

// It stands between the dots of a name that others take apart.
bool is_distribution(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

void read_s3_sink_config(base::ConfigSection& section, S3SinkSettings& settings) {
  std::string path;
  section.read("path", path);
  const auto place = parse_s3_place(path);
  if (place) {
    settings.store.bucket = place->bucket;
    settings.prefix = place->prefix;
  } else {
    section.fail("path", "a bucket and a prefix such as \"s3://my-logs/pixel\"");
  }
  // A key has 1,024 bytes at most; ours add less than 200 to the prefix.
  if (settings.prefix.size() > 512) section.fail("path", "a prefix of at most 512 bytes");
  std::size_t format = 0;
  section.read_choice("format", kFormats, format);
  settings.format = static_cast<S3Format>(format);
  section.read("distribution", settings.distribution);
  if (!is_distribution(settings.distribution)) {
    section.fail("distribution", "1 to 64 letters, digits, '-' and '_'");
  }
  section.read("gzip", settings.gzip);
  if (settings.format == S3Format::kCloudFront && !settings.gzip) {
    section.fail("gzip", "true with format = \"cloudfront\": such logs are always compressed");
  }
  section.read("concurrency", settings.concurrency, {1, 64});
  read_s3_settings(section, settings.store);
}

}  // namespace pixel::shipper
