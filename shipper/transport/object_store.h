// SPDX-License-Identifier: Apache-2.0
// One bucket of an S3 store. Objects are written once: If-None-Match on every put, and an object
// that is there already must be the same one. COLD; any thread, several at once (each borrows a
// connection); blocks; no retries of its own but for one with renewed credentials.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/transport/http_client.h"
#include "shipper/transport/s3_protocol.h"
#include "shipper/transport/s3_settings.h"

namespace pixel::shipper {

template <class T>
using StoreResult = base::Result<T, StoreError>;
using StoreStatus = base::Result<base::Unit, StoreError>;

struct ObjectInfo {
  std::uint64_t bytes = 0;
  std::string etag;
  HttpHeaders metadata;  // Without "x-amz-meta-".

  /// "" where absent. `name` in lower case.
  std::string_view meta(std::string_view name) const;
};

struct PutOptions {
  std::string content_type = "application/octet-stream";
  std::string content_encoding;
  /// Names in lower case and without "x-amz-meta-"; at most 2 KB in all (Amazon S3 User Guide,
  /// Working with object metadata). No name may begin with another one and '-'.
  HttpHeaders metadata;
  /// false: the metadata say enough of the content, and the same content may have another length
  /// (compressed by another version of a library).
  bool compare_length = true;
};

class ObjectStore {
 public:
  explicit ObjectStore(S3Settings settings);
  ~ObjectStore();

  /// An error where the region is not known: nothing else can then be called.
  base::Status prepare();

  /// Makes `body` durable under `key`, in parts where it is large. Where an object of that name is
  /// there, the same length and the same metadata mean that an earlier try came through: fine. Any
  /// difference is kRefused, and the object stays as it is.
  StoreStatus put(const std::string& key, std::string_view body, const PutOptions& options);

  /// Nothing where there is none.
  StoreResult<std::optional<ObjectInfo>> head(const std::string& key);
  /// kRefused where it is longer than bytes_max.
  StoreResult<std::string> get(const std::string& key, std::uint64_t bytes_max);
  /// At most 1,000 objects whose keys begin with `prefix`; `continuation` is the page before's
  /// `next`.
  StoreResult<ObjectPage> list(const std::string& prefix, const std::string& continuation = "");
  /// Calls `take` for every object below `prefix` until it returns false.
  StoreStatus for_each(const std::string& prefix,
                       const std::function<bool(const ObjectSummary&)>& take);
  /// Fine where there is none.
  StoreStatus remove(const std::string& key);
  /// Fine where it is ours already.
  StoreStatus create_bucket();
  /// Whether the bucket is there and its objects may be listed.
  StoreStatus reach();

  const S3Settings& settings() const noexcept { return settings_; }

 private:
  class Borrowed;
  StoreResult<HttpResponse> ask(HttpRequest request, const std::string& what);
  HttpRequest request(const char* method, const std::string& key, const std::string& query) const;
  void add_object_headers(HttpRequest& request, const PutOptions& options) const;
  StoreStatus put_whole(const std::string& key, std::string_view body, const PutOptions& options);
  StoreStatus put_parts(const std::string& key, std::string_view body, const PutOptions& options);
  StoreResult<std::string> begin_upload(const std::string& key, const PutOptions& options);
  StoreResult<std::vector<UploadedPart>> send_parts(const std::string& key, std::string_view body,
                                                    const std::string& upload);
  StoreStatus complete_upload(const std::string& key, const std::string& upload,
                              const std::vector<UploadedPart>& parts);
  void abort_upload(const std::string& key, const std::string& upload);
  void abort_old_uploads(const std::string& key);
  StoreStatus confirm(const std::string& key, std::string_view body, const PutOptions& options);

  S3Settings settings_;
  AwsCredentialProvider credentials_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<HttpClient>> idle_clients_;  // Guarded by mutex_.
};

}  // namespace pixel::shipper
