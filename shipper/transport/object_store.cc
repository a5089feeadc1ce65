// SPDX-License-Identifier: Apache-2.0
// See object_store.h. COLD.
#include "shipper/transport/object_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "shipper/transport/digest.h"
#include "shipper/transport/url.h"

namespace pixel::shipper {
namespace {

using Kind = StoreError::Kind;

constexpr std::string_view kMeta = "x-amz-meta-";

std::int64_t now_s() { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); }

StoreError refused(std::string message) { return {Kind::kRefused, std::move(message), 0, ""}; }

ObjectInfo info_of(const HttpResponse& response) {
  ObjectInfo info;
  const std::string_view length = response.header("content-length");
  std::from_chars(length.data(), length.data() + length.size(), info.bytes);
  info.etag = response.header("etag");
  for (const auto& [name, value] : response.headers) {
    if (name.starts_with(kMeta)) info.metadata.emplace_back(name.substr(kMeta.size()), value);
  }
  return info;
}

}  // namespace

std::string_view ObjectInfo::meta(std::string_view name) const {
  for (const auto& [key, value] : metadata) {
    if (key == name) return value;
  }
  return {};
}

/// A client of the pool, given back at the end: connections are kept.
class ObjectStore::Borrowed {
 public:
  explicit Borrowed(ObjectStore& store) : store_(store) {
    const std::lock_guard lock(store_.mutex_);
    if (store_.idle_clients_.empty()) {
      client_ = std::make_unique<HttpClient>(store_.settings_.http);
    } else {
      client_ = std::move(store_.idle_clients_.back());
      store_.idle_clients_.pop_back();
    }
  }
  ~Borrowed() {
    const std::lock_guard lock(store_.mutex_);
    store_.idle_clients_.push_back(std::move(client_));
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  HttpClient& operator*() { return *client_; }

 private:
  ObjectStore& store_;
  std::unique_ptr<HttpClient> client_;
};

ObjectStore::ObjectStore(S3Settings settings)
    : settings_(std::move(settings)), credentials_(settings_.credentials) {}

ObjectStore::~ObjectStore() = default;

base::Status ObjectStore::prepare() { return complete_s3_settings(settings_); }

HttpRequest ObjectStore::request(const char* method, const std::string& key,
                                 const std::string& query) const {
  HttpRequest request;
  request.method = method;
  request.url = bucket_url(settings_);
  request.url += key.empty() ? "/" : "/" + encode_path(key);
  if (!query.empty()) request.url += "?" + query;
  return request;
}

// Signs and sends; once more with new credentials where the server calls them expired.
StoreResult<HttpResponse> ObjectStore::ask(HttpRequest request, const std::string& what) {
  Borrowed client(*this);
  // Writing is tried again until it is done; for what is read somebody waits. A POST completes an
  // upload, which takes its time, and to begin again would be to send all parts again.
  if (request.method != "GET" && request.method != "POST") request.repeats_as = what;
  for (int attempt = 0;; ++attempt) {
    const auto credentials = credentials_.get();
    if (!credentials) {
      return StoreError{Kind::kRetry, "cannot " + what + ": " + credentials.error().message, 0, ""};
    }
    const AwsSigning signing{credentials->access_key, credentials->secret_key,
                             credentials->session_token, settings_.region, "s3"};
    request.signing = &signing;
    auto response = (*client).send(request);
    if (!response) {
      return StoreError{Kind::kRetry, "cannot " + what + ": " + response.error().message, 0, ""};
    }
    if (response->status >= 200 && response->status < 300) return std::move(*response);
    StoreError error = classify_s3_answer(*response, what, credentials->source, now_s());
    if (error.kind == Kind::kExpired || response->status == 403) credentials_.forget();
    if (error.kind != Kind::kExpired || attempt > 0) return error;
  }
}

void ObjectStore::add_object_headers(HttpRequest& request, const PutOptions& options) const {
  request.headers.emplace_back("Content-Type", options.content_type);
  if (!options.content_encoding.empty()) {
    request.headers.emplace_back("Content-Encoding", options.content_encoding);
  }
  for (const auto& [name, value] : options.metadata) {
    request.headers.emplace_back(std::string(kMeta) + name, value);
  }
  if (!settings_.acl.empty()) request.headers.emplace_back("x-amz-acl", settings_.acl);
  if (!settings_.storage_class.empty()) {
    request.headers.emplace_back("x-amz-storage-class", settings_.storage_class);
  }
  if (!settings_.encryption.empty()) {
    request.headers.emplace_back("x-amz-server-side-encryption", settings_.encryption);
  }
}

StoreStatus ObjectStore::put(const std::string& key, std::string_view body,
                             const PutOptions& options) {
  StoreStatus status = body.size() > settings_.part_bytes ? put_parts(key, body, options)
                                                          : put_whole(key, body, options);
  const bool exists = !status && status.error().kind == Kind::kExists;
  return exists ? confirm(key, body, options) : status;
}

StoreStatus ObjectStore::put_whole(const std::string& key, std::string_view body,
                                   const PutOptions& options) {
  HttpRequest put = request("PUT", key, "");
  put.body = body;
  add_object_headers(put, options);
  if (settings_.conditional) put.headers.emplace_back("If-None-Match", "*");
  if (settings_.checksum) {
    put.body_sha256 = sha256(body);
    put.headers.emplace_back("x-amz-checksum-sha256", base64(put.body_sha256));
  }
  const auto response = ask(std::move(put), "put " + key);
  if (!response) return response.error();
  return base::Unit{};
}

// The name says what lies there, so the same name with the same length and marks is our own earlier
// try. Anything else was written by another one, and is left to an operator.
StoreStatus ObjectStore::confirm(const std::string& key, std::string_view body,
                                 const PutOptions& options) {
  const auto found = head(key);
  if (!found) return found.error();
  if (!found->has_value()) return StoreError{Kind::kRetry, key + " was there and is gone", 0, ""};
  const ObjectInfo& info = **found;
  if (options.compare_length && info.bytes != body.size()) {
    return refused(
        fmt::format("{} is there with {} bytes instead of {}: another program writes to "
                    "this prefix, or the configuration changed; move it away or give "
                    "this sink another prefix",
                    key, info.bytes, body.size()));
  }
  for (const auto& [name, value] : options.metadata) {
    if (info.meta(name) == value) continue;
    return refused(
        fmt::format("{} is there with {} = '{}' instead of '{}': it was written by "
                    "another one; move it away or give this sink another prefix",
                    key, name, info.meta(name), value));
  }
  return base::Unit{};
}

StoreResult<std::optional<ObjectInfo>> ObjectStore::head(const std::string& key) {
  auto response = ask(request("HEAD", key, ""), "look at " + key);
  if (response) return std::optional(info_of(*response));
  if (response.error().kind == Kind::kMissing) return std::optional<ObjectInfo>();
  return response.error();
}

StoreResult<std::string> ObjectStore::get(const std::string& key, std::uint64_t bytes_max) {
  HttpRequest get = request("GET", key, "");
  get.body_bytes_max = bytes_max;
  auto response = ask(std::move(get), "get " + key);
  if (!response) return response.error();
  if (response->is_cut) return refused(fmt::format("{} has more than {} bytes", key, bytes_max));
  return std::move(response->body);
}

StoreResult<ObjectPage> ObjectStore::list(const std::string& prefix,
                                          const std::string& continuation) {
  std::vector<std::pair<std::string, std::string>> parameters = {{"list-type", "2"},
                                                                 {"prefix", prefix}};
  if (!continuation.empty()) parameters.emplace_back("continuation-token", continuation);
  HttpRequest list = request("GET", "", encode_query(std::move(parameters)));
  list.body_bytes_max = 8 * base::kMiB;  // 1,000 keys of 1,024 bytes, and what is said of them.
  const std::string what = fmt::format("list {}/{}", settings_.bucket, prefix);
  const auto response = ask(std::move(list), what);
  if (!response) return response.error();
  auto page = parse_object_page(response->body);
  if (!page) return StoreError{Kind::kRetry, what + ": " + page.error().message, 0, ""};
  return std::move(*page);
}

StoreStatus ObjectStore::for_each(const std::string& prefix,
                                  const std::function<bool(const ObjectSummary&)>& take) {
  std::string continuation;
  do {
    const auto page = list(prefix, continuation);
    if (!page) return page.error();
    for (const ObjectSummary& object : page->objects) {
      if (!take(object)) return base::Unit{};
    }
    continuation = page->next;
  } while (!continuation.empty());
  return base::Unit{};
}

StoreStatus ObjectStore::remove(const std::string& key) {
  const auto response = ask(request("DELETE", key, ""), "delete " + key);
  if (!response && response.error().kind != Kind::kMissing) return response.error();
  return base::Unit{};
}

StoreStatus ObjectStore::create_bucket() {
  HttpRequest put = request("PUT", "", "");
  // Source: CreateBucket. us-east-1 is the one region that may not be named.
  const std::string xml = fmt::format(
      "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
      settings_.region);
  if (settings_.region != "us-east-1") put.body = xml;
  const auto response = ask(std::move(put), "make bucket " + settings_.bucket);
  if (response) return base::Unit{};
  // 409 BucketAlreadyOwnedByYou, or somebody else's: whoever may list it may use it.
  if (reach()) return base::Unit{};
  return response.error();
}

StoreStatus ObjectStore::reach() {
  HttpRequest list = request("GET", "", encode_query({{"list-type", "2"}, {"max-keys", "1"}}));
  const auto response = ask(std::move(list), "list bucket " + settings_.bucket);
  if (!response) return response.error();
  return base::Unit{};
}

}  // namespace pixel::shipper
