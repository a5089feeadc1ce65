// SPDX-License-Identifier: Apache-2.0
// See postgres_rows.h. A batch goes out in slices, so that the server works on one while the next
// is encoded.
#include "shipper/sinks/postgres/postgres_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "shipper/sinks/postgres/postgres_schema.h"
#include "shipper/sinks/postgres/postgres_verdict.h"

namespace pixel::shipper::postgres {
namespace {

constexpr std::size_t kSliceRows = 256;
constexpr std::size_t kProbeRows = 512;  // Sent in vain behind a bad row at most.

}  // namespace

TableWriter::TableWriter(std::string schema, const TableSpec& table, std::uint32_t number)
    : name_(table.name),
      target_(qualified(schema, table.name)),
      staging_(fmt::format("pg_temp.pixeledge_staging_{}", number)),
      number_(number),
      encoder_(table.columns) {
  for (const ColumnSpec& column : table.columns) {
    columns_ += (columns_.empty() ? "" : ", ") + pg_name(column.name);
  }
  const std::size_t segment = table.find(ColumnSource::kSegment);
  const std::size_t offset = table.find(ColumnSource::kOffset);
  if (std::max(segment, offset) < table.columns.size()) {
    const std::string names[] = {pg_name(table.columns[segment].name),
                                 pg_name(table.columns[offset].name)};
    place_ = names[0] + ", " + names[1];
    same_place_ = fmt::format("t.{0} = s.{0} AND t.{1} = s.{1}", names[0], names[1]);
  }
}

PgStatus TableWriter::copy(PostgresConnection& connection, const std::string& sql,
                           const RowBlock& rows, std::size_t from, std::size_t to) {
  if (auto begun = connection.copy_begin(sql); !begun) return begun;
  if (auto put = connection.copy_put(PgCopy::header()); !put) return put;
  for (std::size_t at = from; at < to; at += kSliceRows) {
    const std::size_t end = std::min(to, at + kSliceRows);
    if (auto put = connection.copy_put(encoder_.encode(rows, at, end)); !put) return put;
  }
  if (auto put = connection.copy_put(PgCopy::trailer()); !put) return put;
  auto done = connection.copy_end();
  if (!done) return done.error();
  if (done->affected != to - from) {
    return PgError{"XX000",
                   fmt::format("COPY {} took {} rows of {}: is it a view, or has it rules?", name_,
                               done->affected, to - from),
                   ""};
  }
  return base::Unit{};
}

// The columns alone, without constraints: those are the target's to judge.
PgStatus TableWriter::prepare(PostgresConnection& connection, Way way) {
  if (is_staged_ || way == Way::kCopy) return base::Unit{};
  auto made = connection.run(fmt::format(
      "CREATE TEMPORARY TABLE {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} WITH NO DATA",
      staging_name(), columns_, target_));
  if (!made) return made.error();
  is_staged_ = true;
  return base::Unit{};
}

PgStatus TableWriter::write(PostgresConnection& connection, const RowBlock& rows, std::size_t from,
                            std::size_t to, Way way) {
  if (from >= to) return base::Unit{};
  if (way == Way::kCopy) {
    return copy(connection,
                fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)", target_, columns_), rows,
                from, to);
  }
  auto copied =
      copy(connection, fmt::format("COPY {} FROM STDIN (FORMAT binary)", staging_), rows, from, to);
  if (!copied) return copied;
  const std::string condition =
      way == Way::kUpsert
          ? fmt::format("ON CONFLICT ({}) DO NOTHING", place_)
          : fmt::format("WHERE NOT EXISTS (SELECT 1 FROM {} t WHERE {})", target_, same_place_);
  auto inserted = connection.run(fmt::format("INSERT INTO {0} ({1}) SELECT {1} FROM {2} s {3}",
                                             target_, columns_, staging_, condition));
  if (!inserted) return inserted.error();
  return base::Unit{};
}

// Savepoints that are left open nest, and each statement then costs more than the one before. Rows
// of a COPY stay, so that later ones meet them; staged ones make room for the next.
PgStatus TableWriter::end_probe(PostgresConnection& connection, bool keeps_rows) {
  const std::string undo = keeps_rows ? "" : "ROLLBACK TO SAVEPOINT probe; ";
  auto done = connection.run(undo + "RELEASE SAVEPOINT probe");
  return done ? PgStatus(base::Unit{}) : PgStatus(done.error());
}

// Copies [from, to) until nothing of it is refused: behind each bad row it begins anew, and where
// the server names no line it halves.
PgStatus TableWriter::probe(PostgresConnection& connection, const RowBlock& rows, std::size_t from,
                            std::size_t to, Way way, std::size_t faults_max,
                            std::vector<RowFault>& faults) {
  while (from < to && faults.size() < faults_max) {
    if (auto saved = connection.run("SAVEPOINT probe"); !saved) return saved.error();
    auto written = write(connection, rows, from, to, way);
    if (written) return end_probe(connection, way == Way::kCopy);
    const PgError error = written.error();
    if (error.sqlstate.empty() || classify(error.sqlstate) != ErrorClass::kRow) return error;
    if (auto undone = end_probe(connection, false); !undone) return undone;
    const auto line = line_of(error, way == Way::kCopy ? name_ : staging_name());
    const bool is_named = line && *line <= to - from;
    if (!is_named && to - from > 1) {
      const std::size_t middle = from + (to - from) / 2;
      auto first = probe(connection, rows, from, middle, way, faults_max, faults);
      if (!first) return first;
      from = middle;
      continue;
    }
    const std::size_t bad = is_named ? from + static_cast<std::size_t>(*line) - 1 : from;
    faults.push_back({number_, static_cast<std::uint32_t>(bad), explain(error)});
    from = bad + 1;
  }
  return base::Unit{};
}

PgResult<std::vector<RowFault>> TableWriter::find_faults(PostgresConnection& connection,
                                                         const RowBlock& rows, Way way,
                                                         std::size_t faults_max) {
  std::vector<RowFault> faults;
  if (auto prepared = prepare(connection, way); !prepared) return prepared.error();
  // Constraints that wait for the COMMIT would be silent here.
  if (auto begun = connection.run("BEGIN; SET CONSTRAINTS ALL IMMEDIATE"); !begun) {
    return begun.error();
  }
  for (std::size_t at = 0; at < rows.row_count; at += kProbeRows) {
    const std::size_t end = std::min(rows.row_count, at + kProbeRows);
    auto probed = probe(connection, rows, at, end, way, faults_max, faults);
    if (!probed) {
      (void)connection.run("ROLLBACK");
      return probed.error();
    }
  }
  if (auto undone = connection.run("ROLLBACK"); !undone) return undone.error();
  return faults;
}

}  // namespace pixel::shipper::postgres
