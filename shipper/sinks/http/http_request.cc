// SPDX-License-Identifier: Apache-2.0
// See http_request.h.
#include "shipper/sinks/http/http_request.h"

#include "shipper/encode/gzip_member.h"

namespace pixel::shipper {

HttpBody::HttpBody(const HttpSinkOptions& options)
    : name_(options.name), is_array_(options.is_array), gzip_(options.gzip) {
  const bool is_mixed = options.tables.size() > 1;
  for (const TableSpec& table : options.tables) {
    encoders_.emplace_back(table.columns, is_mixed ? table.name : "");
  }
}

base::Result<std::string_view> HttpBody::encode(const Batch& batch) {
  std::string_view text;
  joined_.clear();
  for (std::size_t i = 0; i < encoders_.size(); ++i) {
    text = encoders_[i].encode(batch.tables[i]);
    if (encoders_.size() > 1) joined_ += text;
  }
  if (encoders_.size() > 1) text = joined_;
  if (is_array_) {
    to_json_array(text, body_);
    text = body_;
  }
  if (gzip_) {
    auto member = gzip_member(text);
    if (!member) return member.error();
    body_ = std::move(member).value();
    text = body_;
  }
  return text;
}

// Two sinks may send the same ranges to one receiver, with other tables: their names are in the
// key.
void HttpBody::describe(const Batch& batch, HttpRequest& request) const {
  request.headers.emplace_back("Content-Type",
                               is_array_ ? "application/json" : "application/x-ndjson");
  if (gzip_) request.headers.emplace_back("Content-Encoding", "gzip");
  request.headers.emplace_back("Idempotency-Key", name_ + "-" + batch.token());
}

}  // namespace pixel::shipper
