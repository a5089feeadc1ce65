// SPDX-License-Identifier: Apache-2.0
// COLD: see redshift_config.h.
#include "shipper/sinks/redshift/redshift_config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "shipper/transport/postgres_connection.h"

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 2> kPresets = {"", "hpx"};
constexpr std::string_view kDsn =
    "a connection string: \"postgresql://user@cluster:5439/database\"";

bool is_schema_name(std::string_view name) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), is_part);
}

// Source: AWS Identity and Access Management, IAM ARNs. No quote can end the literal.
bool is_role(std::string_view role) {
  return role == "default" ||
         (role.starts_with("arn:aws") && role.find(":iam::") != std::string_view::npos &&
          role.find_first_of("'\\; ") == std::string_view::npos);
}

void read_dsn(base::ConfigSection& section, std::string& dsn) {
  section.read("dsn", dsn);
  if (!section.has("dsn")) {
    section.fail("dsn", kDsn);
  } else if (!is_postgres_dsn(dsn)) {
    section.report("dsn", "expected " + std::string(kDsn));  // Its text may hold a password.
  } else if (has_postgres_password(dsn)) {
    section.report("dsn",
                   "expected a dsn without its password; name where that lies: password = "
                   "\"env:NAME\", \"file:PATH\" or \"credential:NAME\"");
  }
}

void read_place(base::ConfigSection& section, RedshiftSettings& settings) {
  std::string path;
  section.read("path", path);
  const auto place = parse_s3_place(path);
  if (!place) {
    section.fail("path", "a bucket and a prefix such as \"s3://my-loads/pixel\"");
    return;
  }
  settings.store.bucket = place->bucket;
  settings.prefix = place->prefix;
  // Whatever is below the prefix is this sink's to delete.
  if (settings.prefix.empty()) {
    section.fail("path", "a prefix behind the bucket: old objects below it are deleted");
  }
  if (settings.prefix.size() > 512 || settings.prefix.find_first_of("'\\") != std::string::npos) {
    section.fail("path", "a prefix of at most 512 bytes, without quotes and backslashes");
  }
}

}  // namespace

void read_redshift_settings(base::ConfigSection& section, RedshiftSettings& settings) {
  read_dsn(section, settings.dsn);
  read_secret(section, "password", settings.password);
  read_place(section, settings);
  section.read("iam_role", settings.iam_role);
  if (!is_role(settings.iam_role)) {
    section.fail("iam_role", "\"default\" or \"arn:aws:iam::<account>:role/<name>\"");
  }
  section.read("schema", settings.schema);
  if (!is_schema_name(settings.schema)) {
    section.fail("schema", "a name of lower case letters, digits and '_'");
  }
  std::size_t preset = 0;
  section.read_choice("preset", kPresets, preset);
  settings.preset = preset == 1 ? RedshiftPreset::kHpx : RedshiftPreset::kTables;
  settings.gzip = settings.preset != RedshiftPreset::kHpx;  // Its COPY options have no GZIP.
  section.read("gzip", settings.gzip);
  section.read("copy_region", settings.copy_region);
  section.read("options", settings.options);
  if (settings.options.find(';') != std::string::npos) {
    section.fail("options", "COPY options without ';', such as \"TRUNCATECOLUMNS EMPTYASNULL\"");
  }
  section.read("files", settings.files, {1, 1024});
  section.read("create", settings.create);
  section.read_duration("keep", settings.keep_ns);
  section.read_duration("connect_timeout_sql", settings.connect_timeout_ns,
                        {2 * base::kSecondNs, 600 * base::kSecondNs});
  section.read_duration("timeout_sql", settings.timeout_ns,
                        {base::kSecondNs, 24 * 3600 * base::kSecondNs});
  section.read("query_rows_max", settings.query_rows_max, {1, 1'000'000});
  section.read_duration("query_timeout", settings.query_timeout_ns,
                        {base::kMillisecondNs, 3600 * base::kSecondNs});
  read_s3_settings(section, settings.store);
}

}  // namespace pixel::shipper
