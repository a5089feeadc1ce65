// SPDX-License-Identifier: Apache-2.0
// COLD: see rules.h.
#include "edge/rules.h"

#include <algorithm>

#include "edge/events/envelope.h"

namespace pixel::edge {
namespace {

// The largest any route asks for.
BodyLimits widest_limits(const RouteBook& book) {
  BodyLimits widest{1, 1, 1};
  for (const RouteExtras& route : book.extras) {
    widest.records_max = std::max(widest.records_max, route.records_max);
    widest.record_bytes_max = std::max(widest.record_bytes_max, route.record_bytes_max);
    widest.body_bytes_max = std::max(widest.body_bytes_max, route.body_bytes_max);
  }
  return widest;
}

// Texts of the head may all be in the envelope, each byte of them escaped to six.
std::size_t event_line_bytes(const RouteBook& book, std::uint32_t head_bytes_max) {
  return 6 * (std::size_t{widest_limits(book).record_bytes_max} + 2 * head_bytes_max) + 4096;
}

}  // namespace

base::Result<std::shared_ptr<const Rules>> Rules::create(const EdgeConfig& config) {
  auto rules = std::make_shared<Rules>();
  auto book = RouteBook::create(config.http);
  if (!book) return book.error();
  rules->book = std::move(book).value();
  auto client = ClientRules::create(config.client);
  if (!client) return client.error();
  rules->client = std::move(client).value();
  auto policy = Policy::create(config.policy);
  if (!policy) return policy.error();
  rules->policy = std::move(policy).value();
  rules->timeouts = {config.header_timeout_ns, config.body_timeout_ns, config.keep_alive_timeout_ns,
                     config.send_timeout_ns};
  rules->serve_when_full = config.on_full == OnFull::kServeAndCount;
  return std::shared_ptr<const Rules>(std::move(rules));
}

WorkerRules::WorkerRules(std::shared_ptr<const Rules> shared, std::uint32_t head_bytes_max)
    : rules(std::move(shared)),
      book(*rules->book),
      client(rules->client),
      policy(*rules->policy),
      responses(book.texts),
      policy_state(policy),
      reader(widest_limits(book)),
      headers(new char[kHeaderBytesMax]),
      content(new char[kContentBytesMax]),
      event_line(new char[event_line_bytes(book, head_bytes_max)]) {}

}  // namespace pixel::edge
