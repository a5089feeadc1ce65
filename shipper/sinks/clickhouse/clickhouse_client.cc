// SPDX-License-Identifier: Apache-2.0
// See clickhouse_client.h.
#include "shipper/sinks/clickhouse/clickhouse_client.h"

#include <fmt/format.h>

#include <charconv>

#include "base/clock.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/transport/url.h"

namespace pixel::shipper {
namespace {

constexpr std::uint64_t kAnswerBytesMax = 256 * base::kMiB;
constexpr int kStillRunning = 216;  // QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING

std::int64_t unix_now() { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); }

char unescaped(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    default:
      return letter;
  }
}

std::vector<std::vector<std::string>> parse_tsv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  bool is_new_row = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_new_row) rows.emplace_back(1);
    is_new_row = text[i] == '\n';
    if (is_new_row) continue;
    if (text[i] == '\t') {
      rows.back().emplace_back();
    } else if (text[i] == '\\' && i + 1 < text.size()) {
      rows.back().back() += unescaped(text[++i]);
    } else {
      rows.back().back() += text[i];
    }
  }
  return rows;
}

}  // namespace

base::Result<HttpRequest> ClickhouseClient::prepare(ClickhouseParameters parameters) const {
  HttpRequest request;
  request.method = "POST";
  auto password = options_.password.read();
  if (!password) return password.error();
  request.user = options_.user;
  request.password = std::move(password).value();
  request.url = options_.url + "/?" + encode_query(std::move(parameters));
  // libcurl sends a request again where a kept connection turns out to be closed; whether an insert
  // is sent again is for us to decide, once we know what became of it.
  request.headers.emplace_back("Connection", "close");
  return request;
}

base::Result<std::string> ClickhouseClient::query(std::string_view sql,
                                                  const ClickhouseParameters& parameters) {
  return ask(sql, parameters, "");
}

base::Result<std::string> ClickhouseClient::ask(std::string_view sql,
                                                const ClickhouseParameters& parameters,
                                                std::string repeats_as) {
  auto request = prepare(parameters);
  if (!request) return request.error();
  request->body = sql;
  request->body_bytes_max = kAnswerBytesMax;
  request->repeats_as = std::move(repeats_as);
  auto response = client_.send(*request);
  if (!response) return response.error();
  const auto outcome = clickhouse_outcome(*response, unix_now());
  if (outcome.kind != ClickhouseOutcome::Kind::kDone) return base::Error{outcome.reason};
  if (response->is_cut) return base::Error{"the server's answer is too long"};
  return std::move(response->body);
}

base::Result<std::vector<std::vector<std::string>>> ClickhouseClient::rows(std::string_view sql) {
  const auto text = query(sql);
  if (!text) return text.error();
  return parse_tsv(*text);
}

base::Result<std::vector<std::vector<std::string>>> ClickhouseClient::rows_again(
    std::string_view sql) {
  const auto text = ask(sql, {}, std::string(sql));
  if (!text) return text.error();
  return parse_tsv(*text);
}

ClickhouseOutcome ClickhouseClient::insert(std::string_view statement, std::string_view data,
                                           ClickhouseParameters parameters,
                                           std::string repeats_as) {
  using Kind = ClickhouseOutcome::Kind;
  parameters.emplace_back("query", statement);
  auto request = prepare(std::move(parameters));
  if (!request) return {Kind::kRetry, request.error().message, 0};
  std::string compressed;
  if (options_.gzip) {
    auto member = gzip_member(data);
    if (!member) return {Kind::kRetry, member.error().message, 0};
    compressed = std::move(member).value();
    data = compressed;
    request->headers.emplace_back("Content-Encoding", "gzip");
  }
  request->body = data;
  request->repeats_as = std::move(repeats_as);
  const auto response = client_.send(*request);
  if (!response) return {Kind::kRetry, response.error().message, 0};
  if (exception_code(*response) == kStillRunning) options_.connection.patience->was_too_short();
  return clickhouse_outcome(*response, unix_now());
}

base::Result<ClickhouseServer> ClickhouseClient::read_server() {
  ClickhouseServer server;
  const auto version = rows("SELECT version()");
  if (!version) return version.error();
  if (version->size() != 1) return base::Error{options_.url + " is no ClickHouse server"};
  server.version = version->front().front();
  const auto settings = rows(
      "SELECT name FROM system.settings WHERE name IN ('insert_deduplication_token', "
      "'insert_deduplicate', 'async_insert', 'wait_for_async_insert', 'async_insert_deduplicate')");
  if (!settings) return settings.error();
  for (const auto& row : *settings) server.settings.insert(row[0]);
  const auto windows = rows(
      "SELECT name, value FROM system.merge_tree_settings WHERE name IN "
      "('replicated_deduplication_window', 'non_replicated_deduplication_window')");
  if (!windows) return windows.error();
  for (const auto& row : *windows) {
    std::uint64_t window = 0;
    std::from_chars(row[1].data(), row[1].data() + row[1].size(), window);
    server.merge_tree[row[0]] = window;
  }
  const auto types =
      rows("SELECT name FROM system.data_type_families WHERE name IN ('DateTime64', 'IPv6')");
  if (!types) return types.error();
  for (const auto& row : *types) server.types.insert(row[0]);
  return server;
}

std::string ClickhouseClient::table_list() const {
  std::string names;
  for (const TableSpec& table : options_.tables) {
    names += (names.empty() ? "" : ", ") + quote_text(table.name);
  }
  return names;
}

base::Result<std::map<std::string, ClickhouseTable>> ClickhouseClient::read_tables() {
  std::map<std::string, ClickhouseTable> tables;
  const std::string database = quote_text(options_.database);
  const auto engines = rows(fmt::format(
      "SELECT name, engine, engine_full FROM system.tables WHERE database = {} AND name IN ({})",
      database, table_list()));
  if (!engines) return engines.error();
  for (const auto& row : *engines) tables[row[0]] = {row[1], row[2], {}};
  const auto columns = rows(fmt::format(
      "SELECT table, name, type FROM system.columns WHERE database = {} AND table IN ({})",
      database, table_list()));
  if (!columns) return columns.error();
  for (const auto& row : *columns) tables[row[0]].columns[row[1]] = row[2];
  return tables;
}

}  // namespace pixel::shipper
