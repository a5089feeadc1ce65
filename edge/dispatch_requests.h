// SPDX-License-Identifier: Apache-2.0
// Requests that are not a plain GET of something prebuilt: other methods, records, clicks, health;
// clients that proxies and policies know more of. HOT by thread; no allocation, no system call.
#pragma once

#include <charconv>
#include <cstring>

#include "edge/events/envelope.h"
#include "edge/policy/forwarded_for.h"
#include "edge/worker_core.h"

namespace pixel::edge {

namespace detail {
constexpr std::size_t index_of(ResponseId id) noexcept { return static_cast<std::size_t>(id); }
inline constexpr std::size_t kTargetBytesMax = 4096;

/// Of the body as a whole, or of the first record that has one.
inline RecordFault first_fault(const ReadBody& body) noexcept {
  if (body.fault != RecordFault::kNone) return body.fault;
  for (const Record& record : body.records) {
    if (record.fault != RecordFault::kNone) return record.fault;
  }
  return RecordFault::kNone;
}
}  // namespace detail

// --- Who asks ----------------------------------------------------------------------------------

/// Field 20: one address, or none; common parsers of this format take no list.
template <Ring R>
void WorkerCore<R>::describe_forwarded(Exchange& exchange) {
  const auto first = first_forwarded_for(exchange.request);
  if (first) exchange.forwarded_for = {forwarded_text_, format_address(*first, forwarded_text_)};
}

/// What headers of trusted proxies and the policy make of the client. True when it has asked too
/// often.
template <Ring R>
bool WorkerCore<R>::identify(const Connection& connection, Exchange& exchange, bool reads_headers,
                             bool judges) {
  IpAddress address = connection.peer.address;
  if (reads_headers) {
    ClientIdentity client;
    rules_->client.resolve(exchange.request, connection.peer.address, connection.peer.port, client);
    if (client.from_header) {
      address = client.address;
      exchange.client_address = {client_text_, format_address(address, client_text_)};
      exchange.client_port = client.port;
    }
    if (client.has_protocol) exchange.https = client.https;
    // They are fit for a line as they are: ClientRules has looked at each byte.
    if (!client.tls_version.empty()) exchange.tls_version = client.tls_version;
    if (!client.tls_cipher.empty()) exchange.tls_cipher = client.tls_cipher;
  }
  return judges && judge(exchange, address);
}

template <Ring R>
bool WorkerCore<R>::judge(Exchange& exchange, const IpAddress& address) {
  const Route* const route = exchange.route;
  // A balancer that asks for our health asks often, and is nobody; it leaves no line.
  const Method method = exchange.request.method;
  const bool asks = method == Method::kGet || method == Method::kHead || method == Method::kOptions;
  if (asks && route != nullptr && route->kind == RouteKind::kHealth) return false;
  const bool is_visit =
      route != nullptr && route->kind != RouteKind::kStatic && method != Method::kOptions;
  Judgement judgement;
  rules_->policy.judge(exchange.request, address, exchange.client_address, exchange.client_port,
                       now_ns_, wall_s_, is_visit, rules_->policy_state, judgement);
  exchange.client_address = judgement.client_address;
  exchange.client_port = judgement.client_port;
  exchange.forwarded_for = judgement.forwarded_for;
  exchange.query = judgement.query;
  exchange.referer = judgement.referer;
  exchange.user_agent = judgement.user_agent;
  exchange.cookie = judgement.cookie;
  exchange.visitor = judgement.visitor;
  exchange.headers = judgement.headers;
  exchange.signals = signal_text(judgement.signals);
  exchange.unlogged = judgement.drop;
  for (std::size_t bit = 0; bit < counters_.signals.size(); ++bit) {
    if ((judgement.signals >> bit & 1) != 0) counters_.signals[bit].add();
  }
  if (judgement.drop) counters_.lines_dropped.add();
  return judgement.limited;
}

// --- By method and kind ------------------------------------------------------------------------

template <Ring R>
void WorkerCore<R>::serve_other(Connection& connection, Exchange& exchange,
                                Persistence persistence) {
  const Route& route = exchange.route != nullptr ? *exchange.route : rules_->book.unknown;
  const bool takes_records = route.kind == RouteKind::kPixel || route.kind == RouteKind::kBeacon ||
                             route.kind == RouteKind::kBatch || route.kind == RouteKind::kEvent;
  const bool known = exchange.route != nullptr;
  const bool health = known && route.kind == RouteKind::kHealth;
  add_cors(exchange);
  switch (exchange.request.method) {
    case Method::kGet:
    case Method::kHead:
      if (health) return serve_health(connection, exchange, persistence);
      if (route.kind == RouteKind::kRedirect) {
        return serve_redirect(connection, exchange, persistence);
      }
      if (known && route.reads_data_parameter) return serve_data(connection, exchange, persistence);
      return answer(connection, exchange, route.get, persistence);
    case Method::kPost:
      if (known && takes_records) return serve_post(connection, exchange, persistence);
      return answer(connection, exchange, route.post, persistence);
    case Method::kOptions:
      if (!health) return serve_preflight(connection, exchange, persistence);
      // HAProxy asks so (option httpchk), and wants to know what GET would tell it.
      add_header(exchange, "Allow", "GET, HEAD, OPTIONS");
      return serve_health(connection, exchange, persistence);
    case Method::kKnownOther:
      // CONNECT has no path (RFC 9112 section 3.2.3).
      return answer(connection, exchange,
                    exchange.request.path.starts_with('/')
                        ? route.not_allowed
                        : detail::index_of(ResponseId::kMethodNotAllowed),
                    persistence);
    case Method::kUnknown:
      break;
  }
  answer(connection, exchange, detail::index_of(ResponseId::kNotImplemented), persistence);
}

/// The address has asked too often.
template <Ring R>
void WorkerCore<R>::serve_limited(Connection& connection, Exchange& exchange,
                                  Persistence persistence) {
  add_cors(exchange);
  let_pages_read(exchange);
  answer(connection, exchange, detail::index_of(ResponseId::kTooManyRequests), persistence);
}

/// Whether balancers may send traffic here. No line is written: they ask every second.
template <Ring R>
void WorkerCore<R>::serve_health(Connection& connection, Exchange& exchange,
                                 Persistence persistence) {
  const bool has_place = rules_->rules->serve_when_full ||
                         (writer_.has_segment() && (!events_ || events_->has_segment()) &&
                          control_.has_place.load(std::memory_order_relaxed));
  const bool ready = control_.ready.load(std::memory_order_relaxed) && !draining_ && has_place;
  exchange.unlogged = true;
  answer(connection, exchange,
         ready ? exchange.route->get : detail::index_of(ResponseId::kServiceUnavailable),
         persistence);
}

/// RFC 9110 section 9.3.7 and the Fetch standard's CORS preflight; "OPTIONS *" too.
template <Ring R>
void WorkerCore<R>::serve_preflight(Connection& connection, Exchange& exchange,
                                    Persistence persistence) {
  const Route& route = exchange.route != nullptr ? *exchange.route : rules_->book.unknown;
  const std::string_view wanted = exchange.request.extra.get(ExtraHeader::kRequestHeaders);
  if (!wanted.empty() && route.cors != Cors::kNone) {
    add_header(exchange, "Access-Control-Allow-Headers", wanted);
  }
  answer(connection, exchange, route.preflight, persistence);
}

template <Ring R>
void WorkerCore<R>::serve_redirect(Connection& connection, Exchange& exchange,
                                   Persistence persistence) {
  const RouteExtras& own = rules_->book.extras[exchange.route->own];
  std::size_t target_bytes = 0;
  const auto fault =
      own.redirect.resolve(exchange.request.query, exchange.visitor, rules_->content.get(),
                           detail::kTargetBytesMax, target_bytes);
  if (fault == RedirectRules::Fault::kNone) {
    add_header(exchange, "Location", {rules_->content.get(), target_bytes});
    return answer(connection, exchange, exchange.route->get, persistence);
  }
  counters_.redirects_refused.add();
  let_pages_read(exchange);
  add_header(exchange, detail::kErrorHeader, redirect_fault_text(fault));
  answer(connection, exchange, detail::index_of(ResponseId::kBadRequest), persistence);
}

// --- Records -----------------------------------------------------------------------------------

/// A body and its records. What is wrong with them is told in the answer and kept beside them; a
/// page gets its image all the same.
template <Ring R>
void WorkerCore<R>::serve_post(Connection& connection, Exchange& exchange,
                               Persistence persistence) {
  const Route& route = *exchange.route;
  const RouteExtras& own = rules_->book.extras[route.own];
  const BodyLimits limits{own.records_max, own.record_bytes_max, own.body_bytes_max};
  const BodyMode mode = route.kind == RouteKind::kBatch   ? BodyMode::kBatch
                        : route.kind == RouteKind::kEvent ? BodyMode::kObject
                                                          : BodyMode::kWhole;
  const ReadBody body =
      rules_->reader.read(mode, limits, own.batch_key,
                          exchange.request.extra.get(ExtraHeader::kContentEncoding), exchange.body);
  if (!keep_records(connection, exchange, body, persistence)) return;
  std::size_t response = route.post;
  if (mode == BodyMode::kBatch && body.fault == RecordFault::kNone) {
    set_content(exchange, encode_batch_answer(body, rules_->content.get()));
  } else if (const RecordFault fault = detail::first_fault(body); fault != RecordFault::kNone) {
    add_header(exchange, detail::kErrorHeader, fault_code(fault));
    const bool too_large =
        fault == RecordFault::kBodyTooLarge || fault == RecordFault::kTooManyRecords;
    if (mode != BodyMode::kWhole) {
      let_pages_read(exchange);
      response =
          detail::index_of(too_large ? ResponseId::kContentTooLarge : ResponseId::kBadRequest);
    }
  }
  answer(connection, exchange, response, persistence);
}

/// A record in the query of a GET: always the image.
template <Ring R>
void WorkerCore<R>::serve_data(Connection& connection, Exchange& exchange,
                               Persistence persistence) {
  const RouteExtras& own = rules_->book.extras[exchange.route->own];
  const BodyLimits limits{own.records_max, own.record_bytes_max, own.body_bytes_max};
  const ReadBody body = rules_->reader.read_data_parameter(exchange.request.query, limits);
  if (!keep_records(connection, exchange, body, persistence)) return;
  const RecordFault fault = detail::first_fault(body);
  if (fault != RecordFault::kNone) {
    add_header(exchange, detail::kErrorHeader, fault_code(fault));
  }
  answer(connection, exchange, exchange.route->get, persistence);
}

/// Writes the records before the request's line. False when there is no place for them: 503 has
/// been answered.
template <Ring R>
bool WorkerCore<R>::keep_records(Connection& connection, const Exchange& exchange,
                                 const ReadBody& body, Persistence persistence) {
  for (const Record& record : body.records) {
    counters_.records[static_cast<std::size_t>(record.fault)].add();
  }
  if (body.records.empty() || exchange.unlogged || write_records(exchange, body)) return true;
  if (rules_->rules->serve_when_full) {
    control_.has_place.store(false, std::memory_order_relaxed);
    counters_.events_unlogged.add(body.records.size());
    options_.events_slot->unlogged.store(counters_.events_unlogged.get(),
                                         std::memory_order_relaxed);
    return true;
  }
  return answer_without_line(connection, persistence, exchange.request.method == Method::kHead);
}

template <Ring R>
bool WorkerCore<R>::write_records(const Exchange& exchange, const ReadBody& body) {
  char id[logfmt::kRequestIdBytes];
  EnvelopeContext context;
  context.request_id = {id, sizeof id};
  context.unix_seconds = wall_s_;
  context.client_address = exchange.client_address;
  context.host = exchange.request.host;
  context.path = exchange.request.path;
  context.query = exchange.query;
  context.content_type = exchange.request.extra.get(ExtraHeader::kContentType);
  context.user_agent = exchange.user_agent;
  context.referer = exchange.referer;
  context.visitor = exchange.visitor;
  std::size_t bytes = 0;
  std::uint32_t number = 0;
  for (const Record& record : body.records) {
    bytes += envelope_bytes_max(context, record, number++) + 1;
  }
  // The request's line first: its records must not stay behind without it.
  if (!events_ || !writer_.try_reserve(detail::line_scratch_bytes(options_.limits)) ||
      !events_->try_reserve(bytes)) {
    return false;
  }
  options_.cipher->encode(
      {options_.lane.node, options_.lane.worker, options_.lane.boot, writer_.next_sequence()}, id);
  number = 0;
  for (const Record& record : body.records) {
    char* const line = rules_->event_line.get();
    const std::size_t line_bytes =
        encode_envelope(context, record, number++, events_->next_sequence(), line);
    events_->append({line, line_bytes}, wall_s_);
  }
  return true;
}

// --- Putting an answer together ----------------------------------------------------------------

/// Adds a line to the answer's head. One that has no place is left out.
template <Ring R>
void WorkerCore<R>::add_header(Exchange& exchange, std::string_view name, std::string_view value) {
  char* const scratch = rules_->headers.get();
  std::size_t used = exchange.headers.size();
  if (used + name.size() + value.size() + 4 > WorkerRules::kHeaderBytesMax) return;
  if (used != 0 && exchange.headers.data() != scratch) {
    std::memcpy(scratch, exchange.headers.data(), used);
  }
  const auto put = [&](std::string_view text) {
    std::memcpy(scratch + used, text.data(), text.size());
    used += text.size();
  };
  put(name);
  put(": ");
  put(value);
  put("\r\n");
  exchange.headers = {scratch, used};
}

/// So many bytes of the rules' scratch are the answer's body.
template <Ring R>
void WorkerCore<R>::set_content(Exchange& exchange, std::size_t bytes) {
  char digits[20];
  const char* const end = std::to_chars(digits, digits + sizeof digits, bytes).ptr;
  add_header(exchange, "Content-Length", {digits, static_cast<std::size_t>(end - digits)});
  exchange.content = {rules_->content.get(), bytes};
  exchange.has_content = true;
}

/// Fetch standard, section 3.2: with credentials the origin must be named.
template <Ring R>
void WorkerCore<R>::add_cors(Exchange& exchange) {
  const std::string_view origin = exchange.request.extra.get(ExtraHeader::kOrigin);
  const Route& route = exchange.route != nullptr ? *exchange.route : rules_->book.unknown;
  if (origin.empty() || !rules_->book.echoes(route, origin)) return;
  add_header(exchange, "Access-Control-Allow-Origin", origin);
  add_header(exchange, "Access-Control-Allow-Credentials", "true");
  add_header(exchange, "Vary", "Origin");
}

/// Plain errors carry no CORS line of a route's: a page could not see their status.
template <Ring R>
void WorkerCore<R>::let_pages_read(Exchange& exchange) {
  const Route& route = exchange.route != nullptr ? *exchange.route : rules_->book.unknown;
  if (route.cors == Cors::kAny && exchange.request.extra.has(ExtraHeader::kOrigin)) {
    add_header(exchange, "Access-Control-Allow-Origin", "*");
  }
}

/// The prebuilt head, our lines, then the body. answer() has seen to the line of the log.
template <Ring R>
void WorkerCore<R>::queue_composed(Connection& connection, const Exchange& exchange,
                                   const Response& response) {
  char* const begin = composed_.begin();
  char* out = begin;
  const auto put = [&out](const char* bytes, std::size_t count) {
    std::memcpy(out, bytes, count);
    out += count;
  };
  put(response.bytes, response.head_bytes - 2);
  put(exchange.headers.data(), exchange.headers.size());
  put("\r\n", 2);
  if (exchange.request.method != Method::kHead) {
    if (exchange.has_content) {
      put(exchange.content.data(), exchange.content.size());
    } else {
      put(response.bytes + response.head_bytes, response.total_bytes - response.head_bytes);
    }
  }
  const auto bytes = static_cast<std::uint32_t>(out - begin);
  DCHECK(bytes <= OutputArena::kAnswerBytesMax);
  composed_.end(bytes);
  queue_output(connection, begin, bytes);
}

}  // namespace pixel::edge
