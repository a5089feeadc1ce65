# `pixel_duckdb`: the header of DuckDB's C API; its library is put beside the binaries. From
# PIXEL_DUCKDB_ROOT, else the system's own, else what tools/fetch_duckdb brings into the user's
# cache (by package name, checksums pinned).
set(PIXEL_DUCKDB_ROOT "" CACHE PATH "A DuckDB of your own: include/duckdb.h and lib/libduckdb.so")

function(pixel_find_duckdb header library)
  set(options NO_CACHE)
  if(ARGN)
    list(APPEND options NO_DEFAULT_PATH PATHS ${ARGN} PATH_SUFFIXES include lib "")
  endif()
  find_path(found_header duckdb.h ${options})
  find_library(found_library duckdb ${options})
  set(${header} ${found_header} PARENT_SCOPE)
  set(${library} ${found_library} PARENT_SCOPE)
endfunction()

if(PIXEL_DUCKDB_ROOT)
  pixel_find_duckdb(duckdb_header duckdb_library ${PIXEL_DUCKDB_ROOT})
  if(NOT duckdb_header OR NOT duckdb_library)
    message(FATAL_ERROR "PIXEL_DUCKDB_ROOT is ${PIXEL_DUCKDB_ROOT}, which has no "
      "include/duckdb.h or no lib/libduckdb.so")
  endif()
else()
  pixel_find_duckdb(duckdb_header duckdb_library)
  if(NOT duckdb_header OR NOT duckdb_library)
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/fetch_duckdb
      OUTPUT_VARIABLE fetch_output RESULT_VARIABLE fetch_result OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT fetch_result EQUAL 0)
      message(FATAL_ERROR "DuckDB is needed by pixel-shipper; tools/fetch_duckdb says above why "
        "it could not be had")
    endif()
    string(REGEX REPLACE ".*\n" "" fetch_folder "${fetch_output}")
    pixel_find_duckdb(duckdb_header duckdb_library ${fetch_folder})
  endif()
endif()
message(STATUS "DuckDB: ${duckdb_library}")

# Loaded when it is first used (shipper/sinks/duckdb/duckdb_library.h), from beside the binary: the
# folder of a build can be moved.
file(MAKE_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
file(CREATE_LINK ${duckdb_library} ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/libduckdb.so SYMBOLIC)
set(PIXEL_DUCKDB_LIBRARY ${duckdb_library} CACHE INTERNAL "What is installed with pixel-shipper")

add_library(pixel_duckdb INTERFACE)
target_include_directories(pixel_duckdb SYSTEM INTERFACE ${duckdb_header})
