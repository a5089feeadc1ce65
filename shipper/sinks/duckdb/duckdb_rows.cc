// SPDX-License-Identifier: Apache-2.0
// See duckdb_rows.h.
#include "shipper/sinks/duckdb/duckdb_rows.h"

#include <algorithm>

#include "shipper/sinks/duckdb/utf8.h"

namespace pixel::shipper::duckdb {
namespace {

using OwnedAppender = Owned<duckdb_appender, duckdb_appender_destroy>;

duckdb_type type_number(ColumnType type) {
  switch (type) {
    case ColumnType::kVarchar:
      return DUCKDB_TYPE_VARCHAR;
    case ColumnType::kInteger:
      return DUCKDB_TYPE_BIGINT;
    case ColumnType::kDouble:
      return DUCKDB_TYPE_DOUBLE;
    case ColumnType::kBoolean:
      return DUCKDB_TYPE_BOOLEAN;
    case ColumnType::kTimestamp:
      return DUCKDB_TYPE_TIMESTAMP;
    case ColumnType::kUuid:
      return DUCKDB_TYPE_UUID;
    case ColumnType::kInet:
    case ColumnType::kJson:
      return DUCKDB_TYPE_VARCHAR;
  }
  return DUCKDB_TYPE_INVALID;
}

// Calls put(row in the vector, cell) for each value; NULLs go into the validity mask, which is
// only made when there is one.
template <class Put>
void for_each_value(duckdb_vector vector, const CellColumn& cells, const RowSlice& slice, Put put) {
  std::uint64_t* validity = nullptr;
  for (std::size_t i = 0; i < slice.count; ++i) {
    const std::size_t at = slice.first + i;
    const Cell& cell = cells[slice.selection != nullptr ? slice.selection[at] : at];
    if (!cell.null) {
      put(i, cell);
      continue;
    }
    if (validity == nullptr) {
      duckdb_vector_ensure_validity_writable(vector);
      validity = duckdb_vector_get_validity(vector);
    }
    validity[i / 64] &= ~(std::uint64_t{1} << (i % 64));
  }
}

void put_text(duckdb_vector vector, std::size_t row, std::string_view text) {
  if (is_utf8(text)) [[likely]] {
    duckdb_vector_assign_string_element_len(vector, row, text.data(), text.size());
  } else {
    const std::string repaired = repair_utf8(text);
    duckdb_vector_assign_string_element_len(vector, row, repaired.data(), repaired.size());
  }
}

// DuckDB keeps a UUID as 128 bits with the highest one flipped, so that their order is the text's.
duckdb_hugeint uuid_value(std::string_view text) {
  std::uint64_t halves[2] = {0, 0};
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-' || digits == 32) continue;
    const auto digit = static_cast<std::uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    std::uint64_t& half = halves[digits++ / 16];
    half = half << 4 | (digit & 15);
  }
  duckdb_hugeint value;
  value.upper = static_cast<std::int64_t>(halves[0] ^ (std::uint64_t{1} << 63));
  value.lower = halves[1];
  return value;
}

base::Error appender_error(duckdb_appender appender) {
  Owned<duckdb_error_data, duckdb_destroy_error_data> data;
  data.reset(duckdb_appender_error_data(appender));
  const char* message = data ? duckdb_error_data_message(data.get()) : nullptr;
  return base::Error{message != nullptr ? message : "DuckDB's appender gave no reason"};
}

base::Status append_chunks(duckdb_appender appender, const std::vector<ColumnSpec>& columns,
                           const RowBlock& rows) {
  std::vector<OwnedType> owned_types;
  std::vector<duckdb_logical_type> types;
  for (const ColumnSpec& column : columns) {
    types.push_back(owned_types.emplace_back(logical_type(column.type)).get());
  }
  OwnedChunk chunk;
  chunk.reset(duckdb_create_data_chunk(types.data(), types.size()));
  const std::size_t rows_max = duckdb_vector_size();
  for (std::size_t first = 0; first < rows.row_count; first += rows_max) {
    const RowSlice slice{&rows, nullptr, first, std::min(rows_max, rows.row_count - first)};
    duckdb_data_chunk_reset(chunk.get());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      fill_vector(duckdb_data_chunk_get_vector(chunk.get(), i), columns[i].type, rows.columns[i],
                  slice);
    }
    duckdb_data_chunk_set_size(chunk.get(), slice.count);
    if (duckdb_append_data_chunk(appender, chunk.get()) != DuckDBSuccess) {
      return appender_error(appender);
    }
  }
  return base::ok_status();
}

}  // namespace

std::string_view sql_type(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::kVarchar:
      return "VARCHAR";
    case ColumnType::kInteger:
      return "BIGINT";
    case ColumnType::kDouble:
      return "DOUBLE";
    case ColumnType::kBoolean:
      return "BOOLEAN";
    case ColumnType::kTimestamp:
      return "TIMESTAMP";
    case ColumnType::kUuid:
      return "UUID";
    case ColumnType::kInet:
    case ColumnType::kJson:
      return "VARCHAR";
  }
  return "VARCHAR";
}

OwnedType logical_type(ColumnType type) {
  OwnedType made;
  made.reset(duckdb_create_logical_type(type_number(type)));
  return made;
}

void fill_vector(duckdb_vector vector, ColumnType type, const CellColumn& cells,
                 const RowSlice& slice) {
  void* data = duckdb_vector_get_data(vector);
  switch (type) {
    case ColumnType::kVarchar:
    case ColumnType::kInet:
    case ColumnType::kJson:
      for_each_value(vector, cells, slice, [vector](std::size_t row, const Cell& cell) {
        put_text(vector, row, cell.text());
      });
      return;
    case ColumnType::kUuid:
      for_each_value(vector, cells, slice,
                     [out = static_cast<duckdb_hugeint*>(data)](std::size_t row, const Cell& cell) {
                       out[row] = uuid_value(cell.text());
                     });
      return;
    case ColumnType::kDouble:
      for_each_value(vector, cells, slice,
                     [out = static_cast<double*>(data)](std::size_t row, const Cell& cell) {
                       out[row] = cell.real;
                     });
      return;
    case ColumnType::kBoolean:
      for_each_value(vector, cells, slice,
                     [out = static_cast<bool*>(data)](std::size_t row, const Cell& cell) {
                       out[row] = cell.integer != 0;
                     });
      return;
    case ColumnType::kInteger:
    case ColumnType::kTimestamp:
      for_each_value(vector, cells, slice,
                     [out = static_cast<std::int64_t*>(data)](std::size_t row, const Cell& cell) {
                       out[row] = cell.integer;
                     });
      return;
  }
}

base::Status append_rows(Connection& connection, const TableSpec& table, const RowBlock& rows) {
  if (rows.row_count == 0) return base::ok_status();
  CHECK(rows.columns.size() == table.columns.size());
  OwnedAppender appender;
  if (duckdb_appender_create(connection.get(), nullptr, table.name.c_str(), appender.out()) !=
      DuckDBSuccess) {
    return appender_error(appender.get());
  }
  for (const ColumnSpec& column : table.columns) {
    if (duckdb_appender_add_column(appender.get(), column.name.c_str()) != DuckDBSuccess) {
      return appender_error(appender.get());
    }
  }
  if (auto appended = append_chunks(appender.get(), table.columns, rows); !appended)
    return appended;
  if (duckdb_appender_close(appender.get()) != DuckDBSuccess) return appender_error(appender.get());
  return base::ok_status();
}

}  // namespace pixel::shipper::duckdb
