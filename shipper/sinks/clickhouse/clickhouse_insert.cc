// SPDX-License-Identifier: Apache-2.0
// See clickhouse_insert.h.
#include "shipper/sinks/clickhouse/clickhouse_insert.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "shipper/sinks/clickhouse/clickhouse_presence.h"

namespace pixel::shipper {

using Kind = ClickhouseOutcome::Kind;

ClickhouseInsert::ClickhouseInsert(const ClickhouseOptions& options, const ClickhouseServer& server,
                                   const ClickhouseTarget& target, std::uint32_t table_index)
    : options_(options),
      target_(target),
      table_index_(table_index),
      has_token_(server.has_setting("insert_deduplication_token")),
      has_deduplicate_(server.has_setting("insert_deduplicate")) {
  std::string names;
  for (const ColumnSpec& column : target.spec.columns) {
    names += (names.empty() ? "" : ", ") + quote_name(column.name);
  }
  statement_ = fmt::format("INSERT INTO {} ({}) FORMAT {}", target.table, names,
                           options.is_binary ? "RowBinary" : "TabSeparated");
  if (options.is_binary) {
    binary_.emplace(target.spec.columns, target.wire);
  } else {
    tsv_.emplace(target.spec.columns, target.wire);
  }
}

// The token and the query's id: the first makes the server forget a repetition, the second keeps
// two of them from running at once and lets us see one that still runs.
ClickhouseParameters ClickhouseInsert::parameters(const std::string& label) const {
  ClickhouseParameters parameters{{"query_id", label}};
  if (look_) {
    // What is missing may have been there once: the table must not know it again.
    if (has_deduplicate_) parameters.emplace_back("insert_deduplicate", "0");
  } else if (sends_token()) {
    parameters.emplace_back("insert_deduplicate", "1");
    parameters.emplace_back("insert_deduplication_token", label);
  }
  if (options_.async_insert) {
    parameters.emplace_back("async_insert", "1");
    parameters.emplace_back("wait_for_async_insert", "1");
    parameters.emplace_back("async_insert_deduplicate",
                            target_.mode == ClickhouseMode::kToken ? "1" : "0");
  }
  return parameters;
}

Verdict ClickhouseInsert::deliver(ClickhouseClient& client, const Batch& batch,
                                  const std::string& label, bool look) {
  rows_ = &batch.tables[table_index_];
  look_ = look;
  std::vector<std::uint32_t> chosen(rows_->row_count);
  std::iota(chosen.begin(), chosen.end(), 0U);
  Verdict verdict;
  if (look || target_.mode == ClickhouseMode::kCheck) {
    auto status = leave_missing(client, target_.table, target_.spec, *rows_, batch, label, chosen);
    if (!status) return retry(status.error());
  }
  drop_unfit(chosen, verdict.faults);
  const ClickhouseOutcome outcome = insert(client, chosen, label, verdict.faults);
  if (outcome.kind == Kind::kDone) return verdict;
  const auto kind =
      outcome.kind == Kind::kRejected ? Verdict::Kind::kRejected : Verdict::Kind::kRetry;
  verdict = {kind, outcome.reason, outcome.retry_after_ns, {}};
  verdict.is_overload = outcome.is_overload;
  return verdict;
}

// What the binary encoder cannot express needs no question to the server.
void ClickhouseInsert::drop_unfit(std::vector<std::uint32_t>& chosen,
                                  std::vector<RowFault>& faults) {
  if (!binary_) return drop_unfit_text(chosen, faults);
  binary_->encode(*rows_, chosen);
  for (const RowBinary::Unfit& unfit : binary_->unfit()) {
    faults.push_back({table_index_, unfit.row, unfit.reason});
    std::erase(chosen, unfit.row);
  }
}

// As text the server would take a number or a time that is too large for its column, as another
// one.
void ClickhouseInsert::drop_unfit_text(std::vector<std::uint32_t>& chosen,
                                       std::vector<RowFault>& faults) {
  std::erase_if(chosen, [&](std::uint32_t row) {
    for (std::size_t i = 0; i < target_.spec.columns.size(); ++i) {
      const Cell& cell = rows_->columns[i][row];
      std::string reason = why_unfit(target_.spec.columns[i], target_.wire[i], cell);
      if (reason.empty()) continue;
      faults.push_back({table_index_, row, std::move(reason)});
      return true;
    }
    return false;
  });
}

std::string_view ClickhouseInsert::encode(std::span<const std::uint32_t> chosen) {
  return binary_ ? binary_->encode(*rows_, chosen) : tsv_->encode(*rows_, chosen);
}

// Halves have tokens of their own, which the same rows get again: what of them was taken before a
// retry is known again then.
ClickhouseOutcome ClickhouseInsert::insert(ClickhouseClient& client,
                                           std::span<const std::uint32_t> chosen,
                                           const std::string& label,
                                           std::vector<RowFault>& faults) {
  if (chosen.empty()) return {};
  // Without a token it is waited for as long as the timeouts say. One that is given up may lie in a
  // buffer between here and there, and begin after the next one has looked for its rows.
  ClickhouseOutcome outcome =
      client.insert(statement_, encode(chosen), parameters(label), sends_token() ? label : "");
  if (outcome.kind != Kind::kTooLarge && outcome.kind != Kind::kBadRow) return outcome;
  if (chosen.size() == 1) {
    faults.push_back({table_index_, chosen.front(), outcome.reason});
    return {};
  }
  const std::size_t half = chosen.size() / 2;
  for (const auto& part : {chosen.first(half), chosen.subspan(half)}) {
    const auto name = fmt::format("{}-{}-{}", label, part.front(), part.back());
    outcome = insert(client, part, name, faults);
    if (outcome.kind != Kind::kDone) return outcome;
  }
  return {};
}

}  // namespace pixel::shipper
