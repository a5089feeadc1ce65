// SPDX-License-Identifier: Apache-2.0
// Rows of a batch -> synced Parquet files in staging/, one per table and hour, as a commit record
// lists them. Warm; the sink's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/sinks/lake/lake_commit.h"
#include "shipper/sinks/lake/lake_config.h"
#include "shipper/sinks/lake/lake_encoder.h"
#include "shipper/sinks/lake/lake_layout.h"

namespace pixel::shipper::lake {

class Staging {
 public:
  /// All three must outlive it.
  Staging(const std::vector<TableSpec>& tables, const LakeSettings& settings,
          const LakePaths& paths)
      : tables_(tables), settings_(settings), paths_(paths) {}

  /// Adds the files to `commit.added`, under names of `commit.number` and `token`. `rows` are in
  /// the order of the tables. After an error some of the files may be there.
  base::Status stage(const std::vector<RowBlock>& rows, const std::string& token, Commit& commit);

  /// A name in staging/ that no file of this life has had.
  std::string new_name(std::string_view prefix, std::uint64_t commit_number);

  /// Gives its memory up; the next stage() takes it again.
  void reset() { encoder_.reset(); }

 private:
  base::Status stage_table(const TableSpec& table, const RowBlock& rows, const std::string& token,
                           Commit& commit);

  const std::vector<TableSpec>& tables_;
  const LakeSettings& settings_;
  const LakePaths& paths_;
  std::optional<LakeEncoder> encoder_;
  std::uint64_t names_ = 0;
};

}  // namespace pixel::shipper::lake
