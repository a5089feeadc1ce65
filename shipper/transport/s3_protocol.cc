// SPDX-License-Identifier: Apache-2.0
// See s3_protocol.h. COLD.
#include "shipper/transport/s3_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "shipper/transport/url.h"

namespace pixel::shipper {
namespace {

using Kind = StoreError::Kind;

struct KnownCode {
  std::string_view code;
  Kind kind;
  std::string_view next_step;
};

// Codes whose status alone would mislead, or that deserve a next step of their own. Source: Amazon
// S3 API Reference, Error responses, List of error codes.
constexpr KnownCode kCodes[] = {
    {"SlowDown", Kind::kOverload, ""},
    {"RequestTimeout", Kind::kRetry, ""},
    {"IncompleteBody", Kind::kRetry, ""},
    {"BadDigest", Kind::kRetry, "it was damaged on its way"},
    {"XAmzContentSHA256Mismatch", Kind::kRetry, "it was damaged on its way"},
    {"XAmzContentChecksumMismatch", Kind::kRetry, "it was damaged on its way"},
    {"ExpiredToken", Kind::kExpired, ""},
    {"TokenRefreshRequired", Kind::kExpired, ""},
    {"ConditionalRequestConflict", Kind::kRetry, ""},
    {"OperationAborted", Kind::kRetry, ""},
    {"NoSuchKey", Kind::kMissing, ""},
    {"NoSuchUpload", Kind::kRetry, "the upload begins anew"},
    {"NoSuchBucket", Kind::kRefused, "make the bucket (pixel-shipper init), or correct its name"},
    {"AccessDenied", Kind::kRefused,
     "let its policy allow s3:PutObject, s3:GetObject, s3:ListBucket and "
     "s3:AbortMultipartUpload there"},
    {"InvalidAccessKeyId", Kind::kRefused, "the access key is not known there"},
    {"SignatureDoesNotMatch", Kind::kRefused, "the secret key does not belong to the access key"},
    {"RequestTimeTooSkewed", Kind::kRefused, "set this machine's clock (NTP)"},
    {"PermanentRedirect", Kind::kRefused, "correct region or endpoint"},
    {"AuthorizationHeaderMalformed", Kind::kRefused, "correct region"},
    {"NotImplemented", Kind::kRefused,
     "the server lacks what was asked for: conditional = false or checksum = false may help"},
    {"EntityTooSmall", Kind::kRefused, "raise part_bytes"},
};

Kind kind_of_status(long status) {
  if (status == 404) return Kind::kMissing;
  if (status == 412) return Kind::kExists;
  if (status == 429 || status == 503) return Kind::kOverload;
  const bool may_pass = status == 307 || status == 408 || status == 409 || status >= 500;
  return may_pass && status != 501 ? Kind::kRetry : Kind::kRefused;
}

std::string decode_entities(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 7> kEntities = {{{"&amp;", '&'},
                                                                           {"&lt;", '<'},
                                                                           {"&gt;", '>'},
                                                                           {"&quot;", '"'},
                                                                           {"&#34;", '"'},
                                                                           {"&apos;", '\''},
                                                                           {"&#39;", '\''}}};
  std::string out;
  while (!text.empty()) {
    const auto* const found =
        std::find_if(kEntities.begin(), kEntities.end(),
                     [&](const auto& entity) { return text.starts_with(entity.first); });
    out += found == kEntities.end() ? text.front() : found->second;
    text.remove_prefix(found == kEntities.end() ? 1 : found->first.size());
  }
  return out;
}

}  // namespace

StoreError classify_s3_answer(const HttpResponse& response, std::string_view what,
                              std::string_view who, std::int64_t now_s) {
  StoreError error;
  error.retry_after_ns = retry_after_ns(response, now_s);
  error.kind = kind_of_status(response.status);
  const std::string code = xml_text(response.body, "Code");
  const std::string text = xml_text(response.body, "Message");
  std::string next_step;
  for (const KnownCode& known : kCodes) {
    if (known.code != code) continue;
    error.kind = known.kind;
    next_step = known.next_step;
  }
  // Answers to HEAD have no body.
  if (code.empty() && response.status == 403) next_step = "check its rights and its keys";
  const std::string_view region = response.header("x-amz-bucket-region");
  const bool is_elsewhere = code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" ||
                            response.status == 301;
  if (is_elsewhere && !region.empty()) next_step = fmt::format("set region = \"{}\"", region);
  error.message = fmt::format("cannot {}: the store answered {}", what, response.status);
  if (!code.empty()) error.message += fmt::format(" {} ({})", code, text);
  if (response.status == 403) error.message += fmt::format(" to the keys from {}", who);
  if (!next_step.empty()) error.message += ": " + next_step;
  error.code = code;
  return error;
}

std::string bucket_url(const S3Settings& settings) {
  std::string endpoint = settings.endpoint;
  if (endpoint.empty()) {
    const bool is_china = settings.region.starts_with("cn-");
    endpoint = fmt::format("https://s3.{}.amazonaws.com{}", settings.region, is_china ? ".cn" : "");
  }
  if (settings.path_style) return endpoint + "/" + settings.bucket;
  const std::size_t host = endpoint.find("://") + 3;
  return endpoint.substr(0, host) + settings.bucket + "." + endpoint.substr(host);
}

std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const std::string close = fmt::format("</{}>", name);
  std::vector<std::string_view> elements;
  for (std::size_t at = xml.find(open); at != std::string_view::npos; at = xml.find(open, at)) {
    at += open.size();
    const std::size_t end = xml.find(close, at);
    if (end == std::string_view::npos) break;
    elements.push_back(xml.substr(at, end - at));
    at = end;
  }
  return elements;
}

std::string xml_text(std::string_view xml, std::string_view name) {
  const auto elements = xml_elements(xml, name);
  return elements.empty() ? "" : decode_entities(elements.front());
}

std::string xml_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

base::Result<ObjectPage> parse_object_page(std::string_view xml) {
  const bool is_list = xml.find("<ListBucketResult") != std::string_view::npos &&
                       xml.find("</ListBucketResult>") != std::string_view::npos;
  if (!is_list) return base::Error{"the answer is no whole list of objects"};
  ObjectPage page;
  for (const std::string_view element : xml_elements(xml, "Contents")) {
    ObjectSummary object{xml_text(element, "Key"), 0, xml_text(element, "ETag")};
    const std::string bytes = xml_text(element, "Size");
    std::from_chars(bytes.data(), bytes.data() + bytes.size(), object.bytes);
    page.objects.push_back(std::move(object));
  }
  if (xml_text(xml, "IsTruncated") == "true") {
    page.next = xml_text(xml, "NextContinuationToken");
    if (page.next.empty()) return base::Error{"the list is cut and does not say how to go on"};
  }
  return page;
}

PartPlan plan_parts(std::uint64_t bytes, std::uint64_t part_bytes) noexcept {
  const std::uint64_t least = (bytes + kS3PartsMax - 1) / kS3PartsMax;
  PartPlan plan;
  plan.part_bytes = std::max(part_bytes, least);
  plan.count = (bytes + plan.part_bytes - 1) / plan.part_bytes;
  return plan;
}

std::string complete_upload_xml(const std::vector<UploadedPart>& parts) {
  std::string xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    xml += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag>", i + 1,
                       xml_escape(parts[i].etag));
    if (!parts[i].sha256.empty()) {
      xml += fmt::format("<ChecksumSHA256>{}</ChecksumSHA256>", parts[i].sha256);
    }
    xml += "</Part>";
  }
  return xml + "</CompleteMultipartUpload>";
}

}  // namespace pixel::shipper
