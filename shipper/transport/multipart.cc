// SPDX-License-Identifier: Apache-2.0
// See object_store.h: objects in parts. Nothing is visible before the upload is completed, and that
// is conditional like every put. Source: Amazon S3 User Guide, Multipart upload. COLD.
#include <fmt/format.h>

#include <algorithm>

#include "shipper/transport/digest.h"
#include "shipper/transport/object_store.h"
#include "shipper/transport/url.h"

namespace pixel::shipper {

using Kind = StoreError::Kind;

StoreStatus ObjectStore::put_parts(const std::string& key, std::string_view body,
                                   const PutOptions& options) {
  // Before all the bytes go: an earlier try may have come through.
  const auto found = head(key);
  if (!found) return found.error();
  if (found->has_value()) return StoreError{Kind::kExists, key + " is there", 0, ""};
  abort_old_uploads(key);
  const auto upload = begin_upload(key, options);
  if (!upload) return upload.error();
  const auto parts = send_parts(key, body, *upload);
  const StoreStatus status =
      parts ? complete_upload(key, *upload, *parts) : StoreStatus(parts.error());
  if (!status) abort_upload(key, *upload);
  return status;
}

StoreResult<std::string> ObjectStore::begin_upload(const std::string& key,
                                                   const PutOptions& options) {
  HttpRequest begin = request("POST", key, "uploads=");
  add_object_headers(begin, options);
  if (settings_.checksum) begin.headers.emplace_back("x-amz-checksum-algorithm", "SHA256");
  const auto response = ask(std::move(begin), "begin the upload of " + key);
  if (!response) return response.error();
  std::string upload = xml_text(response->body, "UploadId");
  if (upload.empty()) return StoreError{Kind::kRetry, key + ": the store gave no UploadId", 0, ""};
  return upload;
}

StoreResult<std::vector<UploadedPart>> ObjectStore::send_parts(const std::string& key,
                                                               std::string_view body,
                                                               const std::string& upload) {
  const PartPlan plan = plan_parts(body.size(), settings_.part_bytes);
  std::vector<UploadedPart> parts;
  for (std::uint64_t number = 1; number <= plan.count; ++number) {
    HttpRequest put = request(
        "PUT", key, encode_query({{"partNumber", std::to_string(number)}, {"uploadId", upload}}));
    put.body = body.substr((number - 1) * plan.part_bytes, plan.part_bytes);
    UploadedPart& part = parts.emplace_back();
    if (settings_.checksum) {
      put.body_sha256 = sha256(put.body);
      part.sha256 = base64(put.body_sha256);
      put.headers.emplace_back("x-amz-checksum-sha256", part.sha256);
    }
    const auto response =
        ask(std::move(put), fmt::format("put part {} of {} of {}", number, plan.count, key));
    if (!response) return response.error();
    part.etag = response->header("etag");
    if (part.etag.empty()) return StoreError{Kind::kRetry, key + ": a part got no ETag", 0, ""};
  }
  return parts;
}

StoreStatus ObjectStore::complete_upload(const std::string& key, const std::string& upload,
                                         const std::vector<UploadedPart>& parts) {
  const std::string xml = complete_upload_xml(parts);
  HttpRequest complete = request("POST", key, encode_query({{"uploadId", upload}}));
  complete.body = xml;
  complete.headers.emplace_back("Content-Type", "application/xml");
  if (settings_.conditional) complete.headers.emplace_back("If-None-Match", "*");
  const std::string what = "complete the upload of " + key;
  auto response = ask(std::move(complete), what);
  if (!response) return response.error();
  // 200 is sent before the work is done: what then fails is said in the body.
  if (response->body.find("<Error>") != std::string::npos) {
    response->status = 500;
    return classify_s3_answer(*response, what, "", 0);
  }
  if (response->body.find("</CompleteMultipartUploadResult>") == std::string::npos) {
    return StoreError{Kind::kRetry, what + ": the store did not say that it is complete", 0, ""};
  }
  return base::Unit{};
}

// Parts of an upload that is never completed cost storage. What fails here is tried again with the
// next upload of the key, and by the bucket's lifecycle rule.
void ObjectStore::abort_upload(const std::string& key, const std::string& upload) {
  (void)ask(request("DELETE", key, encode_query({{"uploadId", upload}})),
            "abort the upload of " + key);
}

// Of this very key, which nobody else writes: left by a killed process.
void ObjectStore::abort_old_uploads(const std::string& key) {
  const auto response = ask(request("GET", "", encode_query({{"prefix", key}, {"uploads", ""}})),
                            "list the uploads of " + key);
  if (!response) return;
  for (const std::string_view element : xml_elements(response->body, "Upload")) {
    if (xml_text(element, "Key") == key) abort_upload(key, xml_text(element, "UploadId"));
  }
}

}  // namespace pixel::shipper
