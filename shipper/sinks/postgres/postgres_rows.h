// SPDX-License-Identifier: Apache-2.0
// Rows of a batch -> tables of PostgreSQL, in the transaction that the connection is in. Warm. The
// delivering thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shipper/encode/pg_copy.h"
#include "shipper/sinks/postgres/postgres_config.h"
#include "shipper/sinks/sink.h"
#include "shipper/transport/postgres_connection.h"

namespace pixel::shipper::postgres {

/// How a table's rows go in.
enum class Way : std::uint8_t {
  kCopy,     // Straight.
  kUpsert,   // Those that ON CONFLICT (_segment, _offset) lets through.
  kRestore,  // Those whose place is not there; needs no index.
};

/// Writes one table.
class TableWriter {
 public:
  /// `number` is the table's place among the sink's.
  TableWriter(std::string schema, const TableSpec& table, std::uint32_t number);

  /// False: without lineage there is no kUpsert and no kRestore.
  bool has_lineage() const noexcept { return !place_.empty(); }

  /// Makes what `way` needs in this session. REQUIRES: no transaction, whose end could undo it.
  PgStatus prepare(PostgresConnection& connection, Way way);

  /// Writes rows [from, to), once in a transaction. REQUIRES: prepare().
  PgStatus write(PostgresConnection& connection, const RowBlock& rows, std::size_t from,
                 std::size_t to, Way way);

  /// Finds the rows that the server refuses, in a transaction of its own that leaves nothing.
  /// At most faults_max of them; none where all would be taken. An error that is no row's is one.
  PgResult<std::vector<RowFault>> find_faults(PostgresConnection& connection, const RowBlock& rows,
                                              Way way, std::size_t faults_max);

  /// A new session has no staging table yet.
  void forget_session() noexcept { is_staged_ = false; }

 private:
  PgStatus copy(PostgresConnection& connection, const std::string& sql, const RowBlock& rows,
                std::size_t from, std::size_t to);
  /// "pixeledge_staging_0": as error contexts have it.
  std::string staging_name() const { return staging_.substr(staging_.find('.') + 1); }
  PgStatus end_probe(PostgresConnection& connection, bool keeps_rows);
  PgStatus probe(PostgresConnection& connection, const RowBlock& rows, std::size_t from,
                 std::size_t to, Way way, std::size_t faults_max, std::vector<RowFault>& faults);

  const std::string name_;    // Of the table alone: as error contexts have it.
  const std::string target_;  // With its schema, quoted.
  const std::string staging_;
  const std::uint32_t number_;
  std::string columns_;     // Quoted, with commas.
  std::string place_;       // _segment, _offset; "" without lineage.
  std::string same_place_;  // As a condition between t and s.
  PgCopy encoder_;
  bool is_staged_ = false;
};

}  // namespace pixel::shipper::postgres
