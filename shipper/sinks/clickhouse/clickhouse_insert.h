// SPDX-License-Identifier: Apache-2.0
// Rows of one table -> inserts, each under a token that the same rows always get: halves where the
// server refuses a whole, until a bad row is alone. One thread; reuses its memory.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/batch/batch.h"
#include "shipper/encode/row_binary.h"
#include "shipper/encode/tsv.h"
#include "shipper/sinks/clickhouse/clickhouse_client.h"

namespace pixel::shipper {

/// How repeated inserts into a table are told apart.
enum class ClickhouseMode : std::uint8_t { kToken, kCheck, kNone };

struct ClickhouseTarget {
  TableSpec spec;
  std::string table;  // Quoted, with its database.
  std::vector<WireColumn> wire;
  ClickhouseMode mode = ClickhouseMode::kNone;
};

class ClickhouseInsert {
 public:
  ClickhouseInsert(const ClickhouseOptions& options, const ClickhouseServer& server,
                   const ClickhouseTarget& target, std::uint32_t table_index);

  /// Inserts the batch's rows of this table. `label`: the batch's, unique among all sinks that
  /// insert here. `look`: also where it is not the table's mode, leave out rows that are there.
  /// kAcked with faults where single rows do not fit; else nothing more than parts of it is there,
  /// under tokens that a repetition uses again.
  Verdict deliver(ClickhouseClient& client, const Batch& batch, const std::string& label,
                  bool look);

 private:
  ClickhouseOutcome insert(ClickhouseClient& client, std::span<const std::uint32_t> chosen,
                           const std::string& label, std::vector<RowFault>& faults);
  std::string_view encode(std::span<const std::uint32_t> chosen);
  void drop_unfit(std::vector<std::uint32_t>& chosen, std::vector<RowFault>& faults);
  void drop_unfit_text(std::vector<std::uint32_t>& chosen, std::vector<RowFault>& faults);
  ClickhouseParameters parameters(const std::string& label) const;
  bool sends_token() const {
    return !look_ && target_.mode == ClickhouseMode::kToken && has_token_;
  }

  const ClickhouseOptions& options_;
  const ClickhouseTarget& target_;
  const std::uint32_t table_index_;
  const bool has_token_;
  const bool has_deduplicate_;
  std::string statement_;
  std::optional<RowBinary> binary_;
  std::optional<Tsv> tsv_;
  const RowBlock* rows_ = nullptr;  // Of the batch at hand.
  bool look_ = false;               // Of the call at hand.
};

}  // namespace pixel::shipper
