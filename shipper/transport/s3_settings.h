// SPDX-License-Identifier: Apache-2.0
// Where a bucket is and how to write to it. COLD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/config_reader.h"
#include "base/result.h"
#include "base/units.h"
#include "shipper/transport/aws_credentials.h"
#include "shipper/transport/http_client.h"

namespace pixel::shipper {

/// Parts of a multipart upload, but for the last. Source: Amazon S3 User Guide, Multipart upload
/// limits: 5 MiB to 5 GiB, at most 10,000 of them.
inline constexpr std::uint64_t kS3PartBytesMin = 5 * base::kMiB;
inline constexpr std::uint64_t kS3PartsMax = 10'000;

struct S3Settings {
  std::string bucket;
  std::string
      region;  // "": $AWS_REGION, $AWS_DEFAULT_REGION; us-east-1 where there is an endpoint.
  std::string endpoint;     // "": Amazon's, of the region. Else "https://host[:port]".
  bool path_style = false;  // https://host/bucket/key; else https://bucket.host/key.
  HttpSettings http;
  AwsCredentialSettings credentials;
  std::uint64_t part_bytes = 16 * base::kMiB;  // Objects above it go up in parts of this size.
  bool conditional = true;                     // If-None-Match; false for servers without it.
  bool checksum = true;                        // x-amz-checksum-sha256 beside the signed hash.
  std::string storage_class;                   // "": the bucket's.
  std::string encryption;                      // "AES256", "aws:kms"; "": the bucket's.
  std::string acl;                             // "bucket-owner-full-control"; "": none.
};

/// Reads all but the bucket: region, endpoint, path_style (default: true where there is an
/// endpoint), part_bytes, conditional, checksum, storage_class, encryption, acl, and the keys of
/// credentials and HTTP.
void read_s3_settings(base::ConfigSection& section, S3Settings& settings);

/// Source: Amazon S3 User Guide, General purpose bucket naming rules.
bool is_bucket_name(std::string_view name) noexcept;

/// "s3://bucket/some/prefix": the prefix without slashes at its ends, possibly empty.
struct S3Place {
  std::string bucket;
  std::string prefix;
};
std::optional<S3Place> parse_s3_place(std::string_view text);

/// Fills in the region; an error where none is known.
base::Status complete_s3_settings(S3Settings& settings);

}  // namespace pixel::shipper
