// SPDX-License-Identifier: Apache-2.0
// A batch -> the body of one request. One thread; reuses its memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/batch/batch.h"
#include "shipper/encode/json_lines.h"
#include "shipper/sinks/http/http_config.h"
#include "shipper/transport/http_client.h"

namespace pixel::shipper {

class HttpBody {
 public:
  explicit HttpBody(const HttpSinkOptions& options);

  /// All rows of all tables; where there are several tables, each object begins with "_table".
  /// Valid until the next call.
  base::Result<std::string_view> encode(const Batch& batch);

  /// Adds the headers that say what the body is, and the key under which the receiver may know it
  /// again. Source: IETF draft The Idempotency-Key HTTP Header Field.
  void describe(const Batch& batch, HttpRequest& request) const;

 private:
  const std::string name_;
  const bool is_array_;
  const bool gzip_;
  std::vector<JsonLines> encoders_;  // By table.
  std::string body_;
  std::string joined_;
};

}  // namespace pixel::shipper
