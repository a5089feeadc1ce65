// SPDX-License-Identifier: Apache-2.0
// See lake_encoder.h. The table function pixeledge_batch() hands DuckDB one vector's worth of rows
// after the other; on DuckDB's one thread, which is the caller's.
#include "shipper/sinks/lake/lake_encoder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "shipper/sinks/duckdb/duckdb_rows.h"

namespace pixel::shipper::lake {

// What pixeledge_batch() reads: set for the length of one encode().
struct LakeEncoder::Source {
  struct Column {
    const ColumnSpec* spec;
    const CellColumn* cells;
  };
  std::vector<Column> columns;
  const RowBlock* rows = nullptr;
  const std::vector<std::uint32_t>* selection = nullptr;

  static void bind(duckdb_bind_info info) {
    const auto* source = static_cast<Source*>(duckdb_bind_get_extra_info(info));
    for (const Column& column : source->columns) {
      const auto type = duckdb::logical_type(column.spec->type);
      duckdb_bind_add_result_column(info, column.spec->name.c_str(), type.get());
    }
    duckdb_bind_set_cardinality(info, source->selection->size(), true);
  }

  static void init(duckdb_init_info info) {
    duckdb_init_set_init_data(info, new std::size_t(0),
                              [](void* next) { delete static_cast<std::size_t*>(next); });
  }

  static void produce(duckdb_function_info info, duckdb_data_chunk chunk) {
    const auto* source = static_cast<Source*>(duckdb_function_get_extra_info(info));
    auto& next = *static_cast<std::size_t*>(duckdb_function_get_init_data(info));
    const duckdb::RowSlice slice{
        source->rows, source->selection->data(), next,
        std::min<std::size_t>(duckdb_vector_size(), source->selection->size() - next)};
    for (std::size_t i = 0; i < source->columns.size(); ++i) {
      duckdb::fill_vector(duckdb_data_chunk_get_vector(chunk, i), source->columns[i].spec->type,
                          *source->columns[i].cells, slice);
    }
    duckdb_data_chunk_set_size(chunk, slice.count);
    next += slice.count;
  }

  base::Status register_at(const duckdb::Connection& connection) {
    duckdb::Owned<duckdb_table_function, duckdb_destroy_table_function> function;
    function.reset(duckdb_create_table_function());
    duckdb_table_function_set_name(function.get(), "pixeledge_batch");
    duckdb_table_function_set_extra_info(function.get(), this, nullptr);
    duckdb_table_function_set_bind(function.get(), bind);
    duckdb_table_function_set_init(function.get(), init);
    duckdb_table_function_set_function(function.get(), produce);
    if (duckdb_register_table_function(connection.get(), function.get()) != DuckDBSuccess) {
      return base::Error{"DuckDB refuses the table function of the encoder"};
    }
    return base::ok_status();
  }
};

namespace {

base::Status sync_file(const std::filesystem::path& path) {
  auto file = base::open_file(path, O_RDONLY);
  if (!file) return file.error();
  if (::fsync(file->get()) != 0) return base::errno_error("sync", path, errno);
  return base::ok_status();
}

}  // namespace

LakeEncoder::LakeEncoder() = default;
LakeEncoder::LakeEncoder(LakeEncoder&&) noexcept = default;
LakeEncoder::~LakeEncoder() = default;

LakeEncoder& LakeEncoder::operator=(LakeEncoder&& other) noexcept {
  // The connection and the database go before the source that they point to.
  connection_ = std::move(other.connection_);
  database_ = std::move(other.database_);
  source_ = std::move(other.source_);
  return *this;
}

base::Result<LakeEncoder> LakeEncoder::create(std::uint64_t memory_bytes) {
  auto database =
      duckdb::Database::open(":memory:", {{"threads", "1"},
                                          {"memory_limit", fmt::format("{}B", memory_bytes)},
                                          {"temp_directory", ""},
                                          {"autoinstall_known_extensions", "false"},
                                          {"autoload_known_extensions", "false"}});
  if (!database) return database.error();
  auto connection = database->connect();
  if (!connection) return connection.error();
  LakeEncoder encoder;
  encoder.source_ = std::make_unique<Source>();
  encoder.database_ = std::move(*database);
  encoder.connection_ = std::move(*connection);
  auto registered = encoder.source_->register_at(encoder.connection_);
  if (!registered) return registered.error();
  return encoder;
}

base::Status LakeEncoder::copy(const std::string& select, const std::filesystem::path& path) {
  auto written = connection_.execute(
      fmt::format("COPY ({}) TO {} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)", select,
                  duckdb::quote_text(path.string())));
  if (!written) return written;
  return sync_file(path);
}

base::Status LakeEncoder::encode(const std::vector<ColumnSpec>& columns, const RowBlock& rows,
                                 const std::vector<std::uint32_t>& selection,
                                 const std::filesystem::path& path) {
  CHECK(rows.columns.size() == columns.size());
  source_->columns.clear();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (is_written(columns[i])) source_->columns.push_back({&columns[i], &rows.columns[i]});
  }
  source_->rows = &rows;
  source_->selection = &selection;
  return copy("SELECT * FROM pixeledge_batch()", path);
}

base::Status LakeEncoder::merge(const std::vector<std::filesystem::path>& inputs,
                                const std::filesystem::path& path) {
  const std::string list = path_list(inputs);
  auto written = copy(fmt::format("SELECT * FROM read_parquet({}, hive_partitioning = false, "
                                  "union_by_name = true)",
                                  list),
                      path);
  if (!written) return written;
  auto counts = connection_.read_texts(
      fmt::format("SELECT CAST((SELECT sum(num_rows) FROM parquet_file_metadata({})) AS VARCHAR), "
                  "CAST((SELECT sum(num_rows) FROM parquet_file_metadata({})) AS VARCHAR)",
                  list, path_list({path})));
  if (!counts) return counts.error();
  if (counts->rows[0][0] != counts->rows[0][1]) {
    return base::Error{fmt::format("merging into {} changed the number of rows", path.string())};
  }
  return base::ok_status();
}

bool is_written(const ColumnSpec& column) noexcept {
  return !(column.name == "date" && column.source == ColumnSource::kField &&
           column.field == logfmt::Field::kDate);
}

std::string path_list(const std::vector<std::filesystem::path>& paths) {
  std::string list = "[";
  for (const auto& path : paths) {
    if (list.size() > 1) list += ", ";
    list += duckdb::quote_text(path.string());
  }
  return list += "]";
}

}  // namespace pixel::shipper::lake
