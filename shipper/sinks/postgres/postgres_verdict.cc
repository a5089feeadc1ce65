// SPDX-License-Identifier: Apache-2.0
// COLD: see postgres_verdict.h.
#include "shipper/sinks/postgres/postgres_verdict.h"

#include <charconv>

namespace pixel::shipper::postgres {
namespace {

struct Rule {
  std::string_view prefix;  // Of the SQLSTATE; the first that fits counts.
  ErrorClass error_class;
  std::string_view next_step;
};

constexpr std::string_view kInit = "run \"pixel-shipper init\", or set create = true for this sink";

constexpr Rule kRules[] = {
    {"23505", ErrorClass::kRow, ""},  // See also explain().
    {"22", ErrorClass::kRow, ""},     // Data exceptions.
    {"23", ErrorClass::kRow, ""},     // Constraints.
    {"44", ErrorClass::kRow, ""},     // WITH CHECK OPTION of a view.
    {"54", ErrorClass::kRow, ""},     // A value too large for an index, a row for a page.
    {"P0", ErrorClass::kRow, ""},     // A trigger of the user's raised it.
    {"28", ErrorClass::kRejected, "check user and password of the dsn, and pg_hba.conf"},
    {"3D", ErrorClass::kRejected, "create the database, or correct the dsn"},
    {"3F", ErrorClass::kRejected, kInit},
    {"42501", ErrorClass::kRejected,
     "run \"pixel-shipper init\" as a user that may grant, or GRANT it by hand"},
    {"42", ErrorClass::kRejected, kInit},
    {"0A", ErrorClass::kRejected, "the server cannot do this: see the sink's README for versions"},
    {"25006", ErrorClass::kRetry,
     "the server only reads: a standby? add target_session_attrs=read-write to the dsn"},
    {"53100", ErrorClass::kRetry, "the server's disk is full: make room there"},
    {"53300", ErrorClass::kRetry, "raise max_connections, or end other sessions"},
    {"57014", ErrorClass::kRetry, "it took longer than the sink's timeout, or somebody ended it"},
    {"55P03", ErrorClass::kRetry, "another session holds a lock on the table: see pg_locks"},
};

const Rule* find_rule(std::string_view sqlstate) {
  for (const Rule& rule : kRules) {
    if (sqlstate.starts_with(rule.prefix)) return &rule;
  }
  return nullptr;
}

}  // namespace

ErrorClass classify(std::string_view sqlstate) noexcept {
  const Rule* rule = find_rule(sqlstate);
  return rule != nullptr ? rule->error_class : ErrorClass::kRetry;
}

std::string explain(const PgError& error) {
  std::string text = error.to_error().message;
  if (error.sqlstate.empty()) {
    // A refused password comes without a SQLSTATE: libpq keeps only the words.
    if (text.find("authentication failed") != std::string::npos ||
        text.find("no pg_hba.conf entry") != std::string::npos) {
      text += "; check user and password of the dsn, and pg_hba.conf";
    }
    return text;
  }
  const Rule* rule = find_rule(error.sqlstate);
  if (rule != nullptr && !rule->next_step.empty()) {
    text += "; ";
    text += rule->next_step;
  }
  return text;
}

Verdict judge(const PgError& error) {
  if (classify(error.sqlstate) == ErrorClass::kRetry) return retry({explain(error)});
  return rejected(explain(error));
}

std::optional<std::uint64_t> line_of(const PgError& error, std::string_view table) {
  const std::string begin = "COPY " + std::string(table) + ", ";
  const std::size_t found = error.context.find(begin);
  if (found == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(error.context).substr(found + begin.size());
  rest = rest.substr(0, rest.find('\n'));
  const std::size_t digits = rest.find_first_of("0123456789");
  // The number stands in the first part; what is behind a comma is the column.
  if (digits == std::string_view::npos || rest.find(',') < digits) return std::nullopt;
  std::uint64_t line = 0;
  std::from_chars(rest.data() + digits, rest.data() + rest.size(), line);
  return line == 0 ? std::nullopt : std::optional(line);
}

}  // namespace pixel::shipper::postgres
