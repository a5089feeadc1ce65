// SPDX-License-Identifier: Apache-2.0
// What S3 says and how: URLs, XML, what an answer means, parts of an upload. Pure. COLD.
// Source: Amazon S3 API Reference.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/transport/http_client.h"
#include "shipper/transport/s3_settings.h"

namespace pixel::shipper {

/// Why an object store did not do what was asked.
struct StoreError {
  enum class Kind : std::uint8_t {
    kRetry,     // May be done, or not: ask again.
    kOverload,  // The same, later: the store has too much to do.
    kExpired,   // The credentials: with new ones it may be done.
    kExists,    // The object is there already.
    kMissing,   // The object or upload is not there.
    kRefused,   // Will not be done: configuration, rights, or another object of that name.
  };
  Kind kind = Kind::kRetry;
  std::string message;  // Cause and next step.
  std::uint64_t retry_after_ns = 0;
  std::string code;  // Of S3, "NoSuchBucket"; "" where it said none.
};

/// What an answer that is no success means. `what` is "put a/b to bucket x", for the message;
/// `who` says which credentials were used.
StoreError classify_s3_answer(const HttpResponse& response, std::string_view what,
                              std::string_view who, std::int64_t now_s);

/// "https://bucket.host" or "https://host/bucket", without a slash at the end.
std::string bucket_url(const S3Settings& settings);

/// The text of the first <name>...</name>, entities decoded; "" where there is none. S3's answers
/// have no attributes on the elements read here, no CDATA and no comments.
std::string xml_text(std::string_view xml, std::string_view name);
/// What stands within each <name>...</name>, as it is.
std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name);
/// The text with & < > " as entities.
std::string xml_escape(std::string_view text);

struct ObjectSummary {
  std::string key;
  std::uint64_t bytes = 0;
  std::string etag;
};
struct ObjectPage {
  std::vector<ObjectSummary> objects;  // In the order of their keys' bytes.
  std::string next;                    // Continuation token; "" on the last page.
};
base::Result<ObjectPage> parse_object_page(std::string_view xml);

/// Pieces of an object of `bytes`: all of part_bytes but the last; larger ones where there would be
/// more than kS3PartsMax. REQUIRES: bytes > 0, part_bytes >= kS3PartBytesMin.
struct PartPlan {
  std::uint64_t part_bytes = 0;
  std::uint64_t count = 0;
};
PartPlan plan_parts(std::uint64_t bytes, std::uint64_t part_bytes) noexcept;

struct UploadedPart {
  std::string etag;
  std::string sha256;  // Base64; "" without checksums.
};
/// The body of CompleteMultipartUpload.
std::string complete_upload_xml(const std::vector<UploadedPart>& parts);

}  // namespace pixel::shipper
