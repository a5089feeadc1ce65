// SPDX-License-Identifier: Apache-2.0
// pixel-shipper status, holdings, sql: they ask the running shipper, or open the sinks themselves
// where none runs. COLD.
#include <fmt/format.h>

#include "shipper/admin.h"
#include "shipper/cli/console.h"
#include "shipper/offline.h"
#include "shipper/report.h"

namespace pixel::shipper::cli {
namespace {

int status(const Invocation& invocation) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  std::string json;
  if (const auto reply = ask(*config, "/status")) {
    json = reply->body;
  } else {
    const auto state = offline_state(*config);
    if (!state) return fail(invocation, state.error().message);
    json = status_json(*state);
  }
  const auto screen = status_screen(json);
  if (!screen) {
    return fail(invocation, "the answer from " + config->admin + " is not a shipper's");
  }
  print(invocation.as_json ? json : *screen);
  return is_fine(json) ? kFine : kFailed;
}

int holdings(const Invocation& invocation) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  if (const auto reply = ask(*config, "/holdings")) {
    print(reply->body);
    return reply->status == 200 ? kFine : kFailed;
  }
  const auto held = offline_holdings(*config);
  if (!held) return fail(invocation, held.error().message);
  print(holdings_json(*held));
  return kFine;
}

int sources(const Invocation& invocation) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  if (const auto reply = ask(*config, "/sources")) {
    print(reply->body);
    return reply->status == 200 ? kFine : kFailed;
  }
  const auto found = offline_sources(*config);
  if (!found) return fail(invocation, found.error().message);
  print(*found);
  return kFine;
}

int query(const Invocation& invocation, const std::string& sink, const std::string& sql) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  const std::string body = query_request(sink, sql);
  if (const auto reply = ask(*config, "/query", &body)) {
    if (reply->status != 200) return fail(invocation, reply->body);
    print(reply->body);
    return kFine;
  }
  const auto answer = offline_query(*config, sink, sql);
  if (!answer) return fail(invocation, answer.error().message);
  print(answer->json);
  return kFine;
}

}  // namespace

void add_status(CLI::App& app, Invocation& invocation) {
  CLI::App* const command =
      add_command(app, invocation, "status", "Is anything lost or late, and why: one screen",
                  "status\n  Exits with 1 where the verdict is not \"fine\".");
  command->callback([&invocation] { invocation.action = [&] { return status(invocation); }; });
}

void add_holdings(CLI::App& app, Invocation& invocation) {
  CLI::App* const command = add_command(app, invocation, "holdings",
                                        "What each sink holds, by segment (JSON)", "holdings");
  command->callback([&invocation] { invocation.action = [&] { return holdings(invocation); }; });
}

void add_sources(CLI::App& app, Invocation& invocation) {
  CLI::App* const command =
      add_command(app, invocation, "sources",
                  "Which segment is which part of which foreign file (JSON)", "sources");
  command->callback([&invocation] { invocation.action = [&] { return sources(invocation); }; });
}

void add_sql(CLI::App& app, Invocation& invocation) {
  struct Options {
    std::string sink;
    std::string sql;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      add_command(app, invocation, "sql", "Ask a sink that understands SQL (JSON)",
                  "sql --sink warehouse \"SELECT count(*) FROM requests\"");
  command->add_option("--sink", options->sink, "Its name; default: the first that answers queries");
  command->add_option("query", options->sql, "SELECT ...")->required();
  command->callback([&invocation, options] {
    invocation.action = [&invocation, options] {
      return query(invocation, options->sink, options->sql);
    };
  });
}

}  // namespace pixel::shipper::cli
