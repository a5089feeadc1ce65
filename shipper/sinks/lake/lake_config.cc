// SPDX-License-Identifier: Apache-2.0
// COLD: see lake_config.h.
#include "shipper/sinks/lake/lake_config.h"

namespace pixel::shipper {
namespace {

void read_upload(base::ConfigSection& section, LakeSettings& settings) {
  std::string text;
  section.read("upload", text);
  if (text.empty()) return;
  const auto place = parse_s3_place(text);
  if (!place) section.fail("upload", "a bucket and a prefix such as \"s3://my-lake/pixel\"");
  LakeUpload& upload = settings.upload.emplace();
  if (place) {
    upload.store.bucket = place->bucket;
    upload.prefix = place->prefix;
  }
  read_s3_settings(section, upload.store);
}

}  // namespace

void read_lake_settings(base::ConfigSection& section, LakeSettings& settings) {
  section.read("path", settings.path);
  if (settings.path.empty()) section.fail("path", "the path of a folder");
  section.read_bytes("memory", settings.memory_bytes, {64 * base::kMiB, 1024 * base::kGiB});
  section.read_bytes("target", settings.target_bytes, {base::kMiB, 16 * base::kGiB});
  section.read("merge_files", settings.merge_files, {2, 1000});
  section.read_duration("close_after", settings.close_ns,
                        {base::kSecondNs, 30 * 86'400 * base::kSecondNs});
  section.read("query_threads", settings.query_threads, {1, 256});
  section.read("query_rows_max", settings.query_rows_max, {1, 1'000'000});
  section.read_duration("query_timeout", settings.query_timeout_ns,
                        {base::kMillisecondNs, 3600 * base::kSecondNs});
  read_upload(section, settings);
}

}  // namespace pixel::shipper
