// SPDX-License-Identifier: Apache-2.0
// Rows -> Parquet files, and Parquet files -> one: an in-memory DuckDB that reads a batch where it
// lies (as a table function) and writes with COPY. Warm; one thread at a time (interrupt()
// excepted); needs no memory beyond a row group and DuckDB's limit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/sinks/duckdb/duckdb_handle.h"

namespace pixel::shipper::lake {

class LakeEncoder {
 public:
  static base::Result<LakeEncoder> create(std::uint64_t memory_bytes);
  LakeEncoder(LakeEncoder&&) noexcept;
  LakeEncoder& operator=(LakeEncoder&&) noexcept;
  ~LakeEncoder();

  /// Writes the rows whose numbers `selection` lists, in that order, without the columns that
  /// `is_written` leaves out, and syncs the file. Replaces what was there.
  base::Status encode(const std::vector<ColumnSpec>& columns, const RowBlock& rows,
                      const std::vector<std::uint32_t>& selection,
                      const std::filesystem::path& path);

  /// Writes the rows of all `inputs`, in order, into one file and syncs it. Columns are matched by
  /// name; one that a file lacks is NULL there. An error when the row counts do not agree.
  base::Status merge(const std::vector<std::filesystem::path>& inputs,
                     const std::filesystem::path& path);

  /// Ends a merge or encode with an error. Any thread.
  void interrupt() noexcept { connection_.interrupt(); }

 private:
  struct Source;
  LakeEncoder();
  base::Status copy(const std::string& select, const std::filesystem::path& path);

  std::unique_ptr<Source> source_;  // First: the database's function points to it.
  duckdb::Database database_;
  duckdb::Connection connection_;
};

/// The partition's own columns are said by the folders, never by the files: false for the field
/// `date`, which is the same.
bool is_written(const ColumnSpec& column) noexcept;

/// "['/a/b', '/a/c']" as SQL.
std::string path_list(const std::vector<std::filesystem::path>& paths);

}  // namespace pixel::shipper::lake
