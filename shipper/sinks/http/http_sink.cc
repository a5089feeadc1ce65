// SPDX-License-Identifier: Apache-2.0
// See http_sink.h. Threads: concurrency_max deliver; each borrows a client and an encoder.
#include "shipper/sinks/http/http_sink.h"

#include "base/clock.h"
#include "shipper/sinks/http/http_request.h"
#include "shipper/sinks/http/http_verdict.h"
#include "shipper/transport/pool.h"
#include "shipper/transport/url.h"

namespace pixel::shipper {
namespace {

// So many requests at once, and so many batches in flight when we are killed.
constexpr std::uint32_t kConcurrencyMax = 8;

std::int64_t unix_now() { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); }

class HttpSink : public Sink {
 public:
  explicit HttpSink(const HttpSinkOptions& options)
      : options_(options), lanes_([this] { return std::make_unique<Lane>(options_); }) {}

  SinkTraits traits() const override {
    return {false, false, kConcurrencyMax, false, kJsonLinesVersion};
  }
  Guarantee guarantee() const override {
    return {false,
            "a batch of which no answer came is sent again, under the same Idempotency-Key; a "
            "receiver that honours the key has each row exactly once",
            "the receiver answers 2xx before it has stored what it was sent"};
  }
  base::Result<Checkpoint> open() override {
    if (auto request = prepare_request(options_.endpoint); !request) return request.error();
    return Checkpoint{};
  }
  Verdict deliver(const Batch& batch) override;
  base::Status reach() override;
  base::Result<std::vector<Holding>> holdings() override {
    return base::Error{"a receiver of HTTP requests cannot be asked what it holds"};
  }

 private:
  struct Lane {
    explicit Lane(const HttpSinkOptions& options)
        : client(options.endpoint.connection), body(options) {}
    HttpClient client;
    HttpBody body;
  };

  const HttpSinkOptions options_;
  Pool<Lane> lanes_;
};

// The one row of a batch that has no other.
std::uint32_t table_of_row(const Batch& batch) {
  std::uint32_t table = 0;
  while (table < batch.tables.size() && batch.tables[table].row_count == 0) ++table;
  return table;
}

Verdict HttpSink::deliver(const Batch& batch) {
  const std::uint64_t rows = batch.row_count();
  if (rows == 0) return acked();
  auto request = prepare_request(options_.endpoint);
  if (!request) return retry(request.error());
  const auto lane = lanes_.borrow();
  const auto body = lane->body.encode(batch);
  if (!body) return retry(body.error());
  lane->body.describe(batch, *request);
  request->body = *body;
  request->repeats_as = batch.token();
  const auto response = lane->client.send(*request);
  if (!response) return retry(response.error());
  Verdict verdict = http_verdict(*response, unix_now(), rows);
  for (RowFault& fault : verdict.faults) fault.table = table_of_row(batch);
  return verdict;
}

// A POST would leave something behind: HEAD shows whether somebody answers and knows us.
base::Status HttpSink::reach() {
  auto request = prepare_request(options_.endpoint);
  if (!request) return request.error();
  request->method = "HEAD";
  HttpClient client(options_.endpoint.connection);
  const auto response = client.send(*request);
  if (!response) return response.error();
  if (response->status != 401 && response->status != 403 && response->status != 407) {
    return base::ok_status();
  }
  return base::Error{http_verdict(*response, unix_now(), 1).reason};
}

}  // namespace

std::unique_ptr<Sink> make_http_sink(const HttpSinkOptions& options) {
  return std::make_unique<HttpSink>(options);
}

}  // namespace pixel::shipper
