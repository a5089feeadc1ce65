// SPDX-License-Identifier: Apache-2.0
// COLD: see redshift_verdict.h.
#include "shipper/sinks/redshift/redshift_verdict.h"

#include <algorithm>
#include <string_view>

#include "shipper/sinks/s3/s3_verdict.h"

namespace pixel::shipper::redshift {
namespace {

constexpr std::uint64_t kOverloadPauseNs = 5 * base::kSecondNs;

struct Rule {
  std::string_view state;  // The SQLSTATE begins with it; "": any.
  std::string_view words;  // The message contains it; "": any.
  ErrorClass error_class;
  std::string_view next_step;
};

// The first that fits counts.
constexpr Rule kRules[] = {
    {"", "stl_load_errors", ErrorClass::kLoad, ""},
    {"", "sys_load_error_detail", ErrorClass::kLoad, ""},
    {"", "AccessDenied", ErrorClass::kRejected,
     "let iam_role read the bucket (s3:GetObject, s3:ListBucket)"},
    {"", "not authorized to assume", ErrorClass::kRejected,
     "associate iam_role with the cluster, and let redshift.amazonaws.com assume it"},
    {"", "authentication failed", ErrorClass::kRejected, "check user and password of the dsn"},
    {"28", "", ErrorClass::kRejected, "check user and password of the dsn"},
    {"3D", "", ErrorClass::kRejected, "create the database, or correct the dsn"},
    {"42", "", ErrorClass::kRejected,
     "run \"pixel-shipper init\", or set create = true for this sink"},
    {"3F", "", ErrorClass::kRejected,
     "run \"pixel-shipper init\", or set create = true for this sink"},
    {"0A", "", ErrorClass::kRejected, "the cluster cannot do this: see options"},
    {"22", "", ErrorClass::kRejected, "a value does not fit its column"},
    {"57014", "", ErrorClass::kRetry, "it took longer than timeout_sql, or somebody ended it"},
};

const Rule* find_rule(const PgError& error) {
  for (const Rule& rule : kRules) {
    const bool has_state = !rule.state.empty() && error.sqlstate.starts_with(rule.state);
    const bool has_words =
        !rule.words.empty() && error.message.find(rule.words) != std::string::npos;
    if (has_state || has_words) return &rule;
  }
  return nullptr;
}

}  // namespace

ErrorClass classify(const PgError& error) {
  const Rule* rule = find_rule(error);
  // A session that could not be had is tried again, whatever the reason: it may be mended.
  if (rule == nullptr || (error.sqlstate.empty() && rule->error_class != ErrorClass::kLoad)) {
    return ErrorClass::kRetry;
  }
  return rule->error_class;
}

std::string explain(const PgError& error) {
  std::string text = error.to_error().message;
  const Rule* rule = find_rule(error);
  if (rule != nullptr && !rule->next_step.empty()) {
    text += "; ";
    text += rule->next_step;
  }
  return text;
}

Verdict judge(const PgError& error) {
  if (classify(error) == ErrorClass::kRetry) return retry(base::Error{explain(error)});
  return rejected(explain(error));
}

Verdict judge(const StoreError& error) { return s3::verdict_of(error, kOverloadPauseNs); }

}  // namespace pixel::shipper::redshift
