// SPDX-License-Identifier: Apache-2.0
// COLD: see postgres_config.h.
#include "shipper/sinks/postgres/postgres_config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "shipper/transport/postgres_connection.h"

namespace pixel::shipper {
namespace {

constexpr std::string_view kDsn =
    "a connection string: \"postgresql://user@host/database\" or \"host=... dbname=...\"";
constexpr std::array<std::string_view, 2> kModes = {"copy", "upsert"};

// A schema, and part of the roles' names.
bool is_stage_name(std::string_view name) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 40 && name.front() >= 'a' && name.front() <= 'z' &&
         !name.starts_with("pg_") && std::all_of(name.begin(), name.end(), is_part);
}

void read_role(base::ConfigSection& section, std::string_view key, std::string& role) {
  section.read(key, role);
  if (role.size() > 63) section.fail(key, "a role's name of at most 63 bytes");
}

// The text of a bad DSN is never repeated: it may hold a password.
void read_dsn(base::ConfigSection& section, std::string_view key, std::string& dsn) {
  section.read(key, dsn);
  if (dsn.empty()) return;
  if (!is_postgres_dsn(dsn)) {
    section.report(key, "expected " + std::string(kDsn));
  } else if (has_postgres_password(dsn)) {
    section.report(key,
                   "expected a dsn without its password; name where that lies: password = "
                   "\"env:NAME\", \"file:PATH\" or \"credential:NAME\"");
  }
}

}  // namespace

void read_postgres_settings(base::ConfigSection& section, PostgresSettings& settings) {
  read_dsn(section, "dsn", settings.dsn);
  if (!section.has("dsn")) section.fail("dsn", kDsn);
  read_dsn(section, "init_dsn", settings.init_dsn);
  read_secret(section, "password", settings.password);
  section.read("stage", settings.stage);
  if (!is_stage_name(settings.stage)) {
    section.fail("stage", "a name of lower case letters, digits and '_', such as \"prod\"");
  }
  std::size_t mode = 0;
  section.read_choice("mode", kModes, mode);
  settings.mode = mode == 0 ? PostgresMode::kCopy : PostgresMode::kUpsert;
  section.read("create", settings.create);
  settings.reader_role = "pixeledge_" + settings.stage + "_reader";
  settings.writer_role = "pixeledge_" + settings.stage + "_writer";
  read_role(section, "reader_role", settings.reader_role);
  read_role(section, "writer_role", settings.writer_role);
  section.read_duration("connect_timeout", settings.connect_timeout_ns,
                        {2 * base::kSecondNs, 600 * base::kSecondNs});
  section.read_duration("timeout", settings.timeout_ns, {base::kSecondNs, 3600 * base::kSecondNs});
  read_patience(section, settings.patience);
  section.read("query_rows_max", settings.query_rows_max, {1, 1'000'000});
  section.read_duration("query_timeout", settings.query_timeout_ns,
                        {base::kMillisecondNs, 3600 * base::kSecondNs});
}

}  // namespace pixel::shipper
