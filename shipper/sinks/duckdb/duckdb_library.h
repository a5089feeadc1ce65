// SPDX-License-Identifier: Apache-2.0
// DuckDB's C API, in a library of 60 MB that is loaded when a database is first opened: linked, it
// took 10 MiB of every shipper, whatever its sinks. Code of ours includes this instead of duckdb.h
// and calls as ever: within our namespace each name means the function that is found late. COLD.
#pragma once

#include <duckdb.h>

#include "base/late_library.h"

namespace pixel::shipper {

/// Loaded by duckdb::Database::open. REQUIRES (of all calls): that has succeeded once.
inline constinit base::LateLibrary duckdb_library("libduckdb.so");

// A macro, so that each name is said once instead of three times.
#define PIXEL_DUCKDB_FUNCTION(name) \
  inline constinit const base::LateFunction<decltype(::name)> name(duckdb_library, #name)

PIXEL_DUCKDB_FUNCTION(duckdb_append_data_chunk);
PIXEL_DUCKDB_FUNCTION(duckdb_appender_add_column);
PIXEL_DUCKDB_FUNCTION(duckdb_appender_close);
PIXEL_DUCKDB_FUNCTION(duckdb_appender_create);
PIXEL_DUCKDB_FUNCTION(duckdb_appender_destroy);
PIXEL_DUCKDB_FUNCTION(duckdb_appender_error_data);
PIXEL_DUCKDB_FUNCTION(duckdb_bind_add_result_column);
PIXEL_DUCKDB_FUNCTION(duckdb_bind_get_extra_info);
PIXEL_DUCKDB_FUNCTION(duckdb_bind_set_cardinality);
PIXEL_DUCKDB_FUNCTION(duckdb_close);
PIXEL_DUCKDB_FUNCTION(duckdb_column_count);
PIXEL_DUCKDB_FUNCTION(duckdb_column_name);
PIXEL_DUCKDB_FUNCTION(duckdb_column_type);
PIXEL_DUCKDB_FUNCTION(duckdb_connect);
PIXEL_DUCKDB_FUNCTION(duckdb_create_config);
PIXEL_DUCKDB_FUNCTION(duckdb_create_data_chunk);
PIXEL_DUCKDB_FUNCTION(duckdb_create_logical_type);
PIXEL_DUCKDB_FUNCTION(duckdb_create_table_function);
PIXEL_DUCKDB_FUNCTION(duckdb_data_chunk_get_size);
PIXEL_DUCKDB_FUNCTION(duckdb_data_chunk_get_vector);
PIXEL_DUCKDB_FUNCTION(duckdb_data_chunk_reset);
PIXEL_DUCKDB_FUNCTION(duckdb_data_chunk_set_size);
PIXEL_DUCKDB_FUNCTION(duckdb_destroy_config);
PIXEL_DUCKDB_FUNCTION(duckdb_destroy_data_chunk);
PIXEL_DUCKDB_FUNCTION(duckdb_destroy_error_data);
PIXEL_DUCKDB_FUNCTION(duckdb_destroy_extracted);
PIXEL_DUCKDB_FUNCTION(duckdb_destroy_logical_type);
PIXEL_DUCKDB_FUNCTION(duckdb_destroy_prepare);
PIXEL_DUCKDB_FUNCTION(duckdb_destroy_result);
PIXEL_DUCKDB_FUNCTION(duckdb_destroy_table_function);
PIXEL_DUCKDB_FUNCTION(duckdb_disconnect);
PIXEL_DUCKDB_FUNCTION(duckdb_error_data_message);
PIXEL_DUCKDB_FUNCTION(duckdb_extract_statements);
PIXEL_DUCKDB_FUNCTION(duckdb_extract_statements_error);
PIXEL_DUCKDB_FUNCTION(duckdb_fetch_chunk);
PIXEL_DUCKDB_FUNCTION(duckdb_free);
PIXEL_DUCKDB_FUNCTION(duckdb_function_get_extra_info);
PIXEL_DUCKDB_FUNCTION(duckdb_function_get_init_data);
PIXEL_DUCKDB_FUNCTION(duckdb_init_set_init_data);
PIXEL_DUCKDB_FUNCTION(duckdb_interrupt);
PIXEL_DUCKDB_FUNCTION(duckdb_nparams);
PIXEL_DUCKDB_FUNCTION(duckdb_open_ext);
PIXEL_DUCKDB_FUNCTION(duckdb_prepare_error);
PIXEL_DUCKDB_FUNCTION(duckdb_prepare_extracted_statement);
PIXEL_DUCKDB_FUNCTION(duckdb_prepared_statement_column_count);
PIXEL_DUCKDB_FUNCTION(duckdb_prepared_statement_column_name);
PIXEL_DUCKDB_FUNCTION(duckdb_prepared_statement_column_type);
PIXEL_DUCKDB_FUNCTION(duckdb_prepared_statement_type);
PIXEL_DUCKDB_FUNCTION(duckdb_query);
PIXEL_DUCKDB_FUNCTION(duckdb_register_table_function);
PIXEL_DUCKDB_FUNCTION(duckdb_result_error);
PIXEL_DUCKDB_FUNCTION(duckdb_set_config);
PIXEL_DUCKDB_FUNCTION(duckdb_string_t_data);
PIXEL_DUCKDB_FUNCTION(duckdb_string_t_length);
PIXEL_DUCKDB_FUNCTION(duckdb_table_function_set_bind);
PIXEL_DUCKDB_FUNCTION(duckdb_table_function_set_extra_info);
PIXEL_DUCKDB_FUNCTION(duckdb_table_function_set_function);
PIXEL_DUCKDB_FUNCTION(duckdb_table_function_set_init);
PIXEL_DUCKDB_FUNCTION(duckdb_table_function_set_name);
PIXEL_DUCKDB_FUNCTION(duckdb_validity_row_is_valid);
PIXEL_DUCKDB_FUNCTION(duckdb_vector_assign_string_element_len);
PIXEL_DUCKDB_FUNCTION(duckdb_vector_ensure_validity_writable);
PIXEL_DUCKDB_FUNCTION(duckdb_vector_get_data);
PIXEL_DUCKDB_FUNCTION(duckdb_vector_get_validity);
PIXEL_DUCKDB_FUNCTION(duckdb_vector_size);

#undef PIXEL_DUCKDB_FUNCTION

}  // namespace pixel::shipper
