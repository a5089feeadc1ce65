// SPDX-License-Identifier: Apache-2.0
// COLD: see route_book.h.
#include "edge/routes/route_book.h"

#include <fmt/format.h>

#include <algorithm>

#include "edge/routes/aliases.h"
#include "edge/routes/answers.h"
#include "edge/routes/route_check.h"

namespace pixel::edge {
namespace {

// "route \"/x\": hosts[3]: expected ..."
base::Error error_of(std::string_view where, const OptionFault& fault) {
  const std::string element =
      fault.element == OptionFault::kWhole ? std::string() : fmt::format("[{}]", fault.element);
  return {fmt::format("{}{}{}: expected {}", where, fault.key, element, fault.expected)};
}

std::string where_of(const RouteOptions& route) {
  return fmt::format("route \"{}\": ", route.path);
}

class Builder {
 public:
  Builder(const HttpOptions& options, RouteBook& book) : options_(options), book_(book) {
    book_.extras.emplace_back();
    for (std::string origin : options.cors_origins) {
      std::transform(origin.begin(), origin.end(), origin.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
      });
      book_.origins.push_back(std::move(origin));
    }
    set_answers(make_unknown_answers(options), book_.unknown);
  }

  bool has_path(std::string_view path) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const RouteTable::Entry& each) { return each.path == path; });
  }

  base::Status add(const RouteOptions& options) {
    const OptionFaults faults = check_route(options);
    if (!faults.empty()) return error_of(where_of(options), faults.front());
    if (has_path(options.path)) {
      return base::Error{where_of(options) + "path: expected one that no other route has"};
    }
    auto answers = make_answers(options, options_);
    if (!answers) return base::Error{where_of(options) + answers.error().message};
    Route route;
    route.kind = options.kind;
    route.reads_data_parameter = options.kind == RouteKind::kPixel && options.data_parameter;
    set_answers(*answers, route);
    add_extras(options, route);
    entries_.push_back({options.path, route});
    return base::ok_status();
  }

  void finish() { book_.table = RouteTable(entries_); }

 private:
  void set_answers(const Answers& answers, Route& route) {
    route.cors = cors_of(options_);
    route.get = index_of(answers.get);
    route.post = index_of(answers.post);
    route.preflight = index_of(answers.preflight);
    route.not_allowed = index_of(answers.not_allowed);
  }

  // Many routes have the same answers: each worker builds and dates a text once.
  std::uint16_t index_of(const ResponseText& text) {
    auto place = std::find(book_.texts.begin(), book_.texts.end(), text);
    if (place == book_.texts.end()) place = book_.texts.insert(place, text);
    return static_cast<std::uint16_t>(kResponseCount +
                                      static_cast<std::size_t>(place - book_.texts.begin()));
  }

  void add_extras(const RouteOptions& options, Route& route) {
    const bool has_bodies = takes_bodies(options.kind);
    if (!has_bodies && options.kind != RouteKind::kRedirect) return;
    route.own = static_cast<std::uint16_t>(book_.extras.size());
    RouteExtras& extras = book_.extras.emplace_back();
    if (!has_bodies) {
      extras.redirect = RedirectRules(options);
      return;
    }
    extras.batch_key = options.batch_key;
    extras.records_max = options.kind == RouteKind::kBatch ? options.records_max : 1;
    extras.body_bytes_max = static_cast<std::uint32_t>(options.body_bytes);
    extras.record_bytes_max = static_cast<std::uint32_t>(options.record_bytes);
    book_.takes_bodies = true;
    book_.body_bytes_max = std::max(book_.body_bytes_max, extras.body_bytes_max);
  }

  const HttpOptions& options_;
  RouteBook& book_;
  std::vector<RouteTable::Entry> entries_;
};

}  // namespace

base::Result<std::unique_ptr<const RouteBook>> RouteBook::create(const HttpOptions& options) {
  const OptionFaults faults = check_http(options);
  if (!faults.empty()) return error_of("", faults.front());
  if (options.routes.size() > kRoutesMax) {
    return base::Error{
        fmt::format("{} routes; {} is the limit", options.routes.size(), kRoutesMax)};
  }
  auto book = std::make_unique<RouteBook>();
  Builder builder(options, *book);
  for (const RouteOptions& route : options.routes) {
    if (auto status = builder.add(route); !status) return status.error();
  }
  for (const RouteOptions& route : alias_routes(options)) {
    if (builder.has_path(route.path)) continue;
    if (auto status = builder.add(route); !status) return status.error();
  }
  builder.finish();
  return std::unique_ptr<const RouteBook>(std::move(book));
}

}  // namespace pixel::edge
