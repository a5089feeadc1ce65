// SPDX-License-Identifier: Apache-2.0
// duckdb-read-csv: what the shipper's duckdb sink is compared with. DuckDB reads the same log files
// by its own read_csv, on one thread, into a table with the same columns and types: the fields'
// percent-encoding undone, the four parameters taken out of the query, file name and row number as
// lineage. One transaction per file, the database on disk. COLD.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "shipper/sinks/duckdb/duckdb_handle.h"

namespace pixel::bench {
namespace {

// The 33 fields as AWS names them in its table for Athena, with their types where they have one.
constexpr const char* kColumns =
    "{'date':'VARCHAR','time':'VARCHAR','edge_location':'VARCHAR','sc_bytes':'BIGINT',"
    "'c_ip':'VARCHAR','cs_method':'VARCHAR','cs_host':'VARCHAR','cs_uri_stem':'VARCHAR',"
    "'sc_status':'BIGINT','cs_referer':'VARCHAR','cs_user_agent':'VARCHAR',"
    "'cs_uri_query':'VARCHAR','cs_cookie':'VARCHAR','x_edge_result_type':'VARCHAR',"
    "'x_edge_request_id':'VARCHAR','x_host_header':'VARCHAR','cs_protocol':'VARCHAR',"
    "'cs_bytes':'BIGINT','time_taken':'DOUBLE','x_forwarded_for':'VARCHAR',"
    "'ssl_protocol':'VARCHAR','ssl_cipher':'VARCHAR','x_edge_response_result_type':'VARCHAR',"
    "'cs_protocol_version':'VARCHAR','fle_status':'VARCHAR','fle_encrypted_fields':'BIGINT',"
    "'c_port':'BIGINT','time_to_first_byte':'DOUBLE','x_edge_detailed_result_type':'VARCHAR',"
    "'sc_content_type':'VARCHAR','sc_content_len':'BIGINT','sc_range_start':'BIGINT',"
    "'sc_range_end':'BIGINT'}";

// What the sink does to a value: percent-encoding undone where the client wrote it.
constexpr const char* kSelect =
    "SELECT CAST(date || ' ' || time AS TIMESTAMP) AS request_time, edge_location, sc_bytes, c_ip, "
    "url_decode(cs_method) AS cs_method, cs_host, url_decode(cs_uri_stem) AS cs_uri_stem, "
    "sc_status, url_decode(cs_referer) AS cs_referer, url_decode(cs_user_agent) AS cs_user_agent, "
    "url_decode(cs_uri_query) AS cs_uri_query, url_decode(cs_cookie) AS cs_cookie, "
    "x_edge_result_type, x_edge_request_id, url_decode(x_host_header) AS x_host_header, "
    "cs_protocol, cs_bytes, time_taken, x_forwarded_for, ssl_protocol, ssl_cipher, "
    "x_edge_response_result_type, cs_protocol_version, fle_status, fle_encrypted_fields, c_port, "
    "time_to_first_byte, x_edge_detailed_result_type, url_decode(sc_content_type) AS "
    "sc_content_type, sc_content_len, sc_range_start, sc_range_end";
constexpr const char* kParameters =
    ", regexp_extract(cs_uri_query, '(?:^|&)a=([^&]*)', 1) AS a"
    ", regexp_extract(cs_uri_query, '(?:^|&)b=([^&]*)', 1) AS b"
    ", regexp_extract(cs_uri_query, '(?:^|&)c=([^&]*)', 1) AS c"
    ", regexp_extract(cs_uri_query, '(?:^|&)d=([^&]*)', 1) AS d";

std::string source(const std::string& file, bool plain) {
  return fmt::format(
      "{}{}, filename AS _segment FROM read_csv('{}', delim='\t', header=false, skip=2, "
      "nullstr='-', quote='', escape='', auto_detect=false, filename=true, columns={})",
      plain ? "SELECT * EXCLUDE (filename)" : kSelect, plain ? "" : kParameters, file, kColumns);
}

int fail(const base::Error& error) {
  fmt::print(stderr, "duckdb-read-csv: {}\n", error.message);
  return 1;
}

int run(int argc, char** argv) {
  std::string database_path;
  std::string folder;
  bool plain = false;
  CLI::App app("Reads sealed segments into DuckDB by its own read_csv, on one thread.",
               "duckdb-read-csv");
  app.add_option("--database", database_path, "Is made")->required();
  app.add_option("--sealed", folder, "Folder of .log files")->required();
  app.add_flag("--plain", plain, "Columns as they lie in the file: nothing decoded");
  CLI11_PARSE(app, argc, argv);
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".log") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) return fail({"no .log file in " + folder});
  auto database = shipper::duckdb::Database::open(
      database_path, {{"threads", "1"}, {"memory_limit", "2GB"}, {"wal_autocheckpoint", "64MB"}});
  if (!database) return fail(database.error());
  auto connection = database->connect();
  if (!connection) return fail(connection.error());
  auto made =
      connection->execute("CREATE TABLE requests AS " + source(files.front(), plain) + " LIMIT 0");
  if (!made) return fail(made.error());
  for (const std::string& file : files) {
    auto read = connection->execute("INSERT INTO requests " + source(file, plain));
    if (!read) return fail(read.error());
  }
  auto count = connection->read_texts("SELECT CAST(count(*) AS VARCHAR) FROM requests");
  if (!count) return fail(count.error());
  fmt::print("{} rows\n", count->rows[0][0].value_or("?"));
  return 0;
}

}  // namespace
}  // namespace pixel::bench

int main(int argc, char** argv) { return pixel::bench::run(argc, argv); }
