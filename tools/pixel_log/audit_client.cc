// SPDX-License-Identifier: Apache-2.0
// COLD: see audit.h. The client's own list of answers against the log.
#include <fmt/format.h>

#include <algorithm>

#include "tools/pixel_log/audit.h"

namespace pixel::logs {
namespace {

// The first few of many ids; all are counted.
class IdList {
 public:
  void add(std::uint64_t id) {
    if (count_++ < kNamedMax) text_ += fmt::format("{}{}", text_.empty() ? "" : ", ", id);
  }
  std::uint64_t count() const noexcept { return count_; }
  std::string text() const { return text_ + (count_ > kNamedMax ? ", ..." : ""); }

 private:
  static constexpr std::uint64_t kNamedMax = 10;
  std::uint64_t count_ = 0;
  std::string text_;
};

void compare_ids(std::vector<std::uint64_t> answered, std::vector<std::uint64_t> logged,
                 IdList& missing, IdList& duplicated) {
  std::sort(answered.begin(), answered.end());
  std::sort(logged.begin(), logged.end());
  auto place = logged.begin();
  for (std::size_t i = 0; i < answered.size(); ++i) {
    const std::uint64_t id = answered[i];
    if (i > 0 && id == answered[i - 1]) continue;
    place = std::lower_bound(place, logged.end(), id);
    const auto end = std::upper_bound(place, logged.end(), id);
    if (end == place) missing.add(id);
    if (end - place > 1) duplicated.add(id);
    place = end;
  }
}

void check_ids(const AuditInput& input, const AuditBooks& books, ClientTotals& totals,
               AuditResult& result) {
  IdList missing;
  IdList duplicated;
  compare_ids(*input.client_ids, books.logged_ids, missing, duplicated);
  totals.missing = missing.count();
  totals.duplicated = duplicated.count();
  const std::string where = "client, parameter " + input.client_parameter;
  if (missing.count() > 0) {
    std::string what =
        fmt::format("{} answered requests are not in the log: {}", missing.count(), missing.text());
    if (result.segments_without_data > 0) {
      what += fmt::format(" ({} segments have been deleted by retention)",
                          result.segments_without_data);
    }
    result.defects.push_back({DefectKind::kGap, where, what, missing.count()});
  }
  if (duplicated.count() > 0) {
    result.defects.push_back({DefectKind::kDuplicate, where,
                              fmt::format("{} answered requests are in the log more than once: {}",
                                          duplicated.count(), duplicated.text()),
                              duplicated.count()});
  }
}

}  // namespace

void check_client(const AuditInput& input, const AuditBooks& books, AuditResult& result) {
  if (!input.client_answered && !input.client_ids) return;
  ClientTotals totals;
  totals.answered = input.client_answered ? *input.client_answered : input.client_ids->size();
  if (totals.answered > result.logged) {
    result.defects.push_back(
        {DefectKind::kGap, "client",
         fmt::format("{} answers received, {} lines logged", totals.answered, result.logged),
         totals.answered - result.logged});
  }
  if (input.client_ids) check_ids(input, books, totals, result);
  result.client = totals;
}

}  // namespace pixel::logs
