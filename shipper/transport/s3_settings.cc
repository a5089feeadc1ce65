// SPDX-License-Identifier: Apache-2.0
// See s3_settings.h. COLD.
#include "shipper/transport/s3_settings.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 3> kEncryptions = {"", "AES256", "aws:kms"};

bool is_endpoint(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string_view authority = url.substr(scheme.size());
    return !authority.empty() && authority.find_first_of("/?#@ ") == std::string_view::npos;
  }
  return false;
}

bool is_region(std::string_view region) {
  return std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

void read_s3_settings(base::ConfigSection& section, S3Settings& settings) {
  settings.http.timeout_ns = 600 * base::kSecondNs;  // Of large parts over slow lines.
  section.read("region", settings.region);
  section.read("endpoint", settings.endpoint);
  while (settings.endpoint.ends_with('/')) settings.endpoint.pop_back();
  settings.path_style = !settings.endpoint.empty();
  section.read("path_style", settings.path_style);
  section.read_bytes("part_bytes", settings.part_bytes, {kS3PartBytesMin, 5 * base::kGiB});
  section.read("conditional", settings.conditional);
  section.read("checksum", settings.checksum);
  section.read("storage_class", settings.storage_class);
  std::size_t encryption = 0;
  section.read_choice("encryption", kEncryptions, encryption);
  settings.encryption = kEncryptions[encryption];
  section.read("acl", settings.acl);
  if (!is_region(settings.region)) section.fail("region", "a region such as \"eu-central-1\"");
  if (!settings.endpoint.empty() && !is_endpoint(settings.endpoint)) {
    section.fail("endpoint", "https://host or http://host:port, without a path");
  }
  read_aws_credential_settings(section, settings.credentials);
  read_http_settings(section, settings.http);
}

bool is_bucket_name(std::string_view name) noexcept {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  const auto is_part = [&](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; };
  return name.size() >= 3 && name.size() <= 63 && is_alphanumeric(name.front()) &&
         is_alphanumeric(name.back()) && std::all_of(name.begin(), name.end(), is_part) &&
         name.find("..") == std::string_view::npos;
}

std::optional<S3Place> parse_s3_place(std::string_view text) {
  constexpr std::string_view kScheme = "s3://";
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(text.find('/'), text.size());
  S3Place place{std::string(text.substr(0, slash)), ""};
  std::string_view prefix = text.substr(slash);
  while (prefix.starts_with('/')) prefix.remove_prefix(1);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  place.prefix = prefix;
  if (!is_bucket_name(place.bucket)) return std::nullopt;
  return place;
}

base::Status complete_s3_settings(S3Settings& settings) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    const char* const value = std::getenv(name);
    if (settings.region.empty() && value != nullptr) settings.region = value;
  }
  if (settings.region.empty() && !settings.endpoint.empty()) settings.region = "us-east-1";
  if (settings.region.empty()) {
    return base::Error{"the region of bucket " + settings.bucket +
                       " is not known: set region, or AWS_REGION in the environment"};
  }
  return base::ok_status();
}

}  // namespace pixel::shipper
