// SPDX-License-Identifier: Apache-2.0
// COLD: see redshift_files.h.
#include "shipper/sinks/redshift/redshift_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/hash.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/encode/json_lines.h"

namespace pixel::shipper::redshift {
namespace {

// AWS advises files of 1 MB to 1 GB after compression; text shrinks to about a fifth.
constexpr std::size_t kFileTextBytesMin = 4 * base::kMiB;

void append_value(std::string& text, const Cell& cell) {
  if (cell.null) return;
  for (const char c : cell.text()) {
    if (c == '\t' || c == '\n' || c == '\r') {
      text += c == '\t' ? "%09" : c == '\n' ? "%0A" : "%0D";
    } else {
      text += c;
    }
  }
}

void append_time(std::string& text, const Cell& cell) {
  if (cell.null) return;
  std::string time = base::format_iso8601(cell.integer / 1'000'000);
  time[10] = ' ';
  text.append(time, 0, 19);
}

// Whole lines, in at most `count` pieces of about the same size.
std::vector<std::string_view> split_lines(std::string_view text, std::size_t count) {
  const std::size_t useful = std::max<std::size_t>(1, text.size() / kFileTextBytesMin);
  const std::size_t piece_bytes = text.size() / std::min(count, useful) + 1;
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    std::size_t end = std::min(piece_bytes, text.size());
    end = std::min(text.find('\n', end - 1), text.size() - 1) + 1;
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return pieces;
}

class LoadPlanner {
 public:
  LoadPlanner(const RedshiftSettings& settings, std::string folder)
      : settings_(settings), folder_(std::move(folder)) {}

  base::Result<TableLoad> plan(const std::string& table, std::string_view text) {
    TableLoad load;
    for (const std::string_view piece : split_lines(text, settings_.files)) {
      auto file = make_file(table, piece, load.files.size());
      if (!file) return file.error();
      file->first_row = load.rows;
      load.rows += file->rows;
      load.files.push_back(std::move(*file));
    }
    load.manifest = make_manifest(table, load.files);
    return load;
  }

 private:
  // The hash in the name: without its bad rows the same batch becomes another object.
  base::Result<LoadFile> make_file(const std::string& table, std::string_view text,
                                   std::size_t number) {
    LoadFile file;
    file.rows = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    file.hash = base::hash128_hex(text);
    const bool is_hpx = settings_.preset == RedshiftPreset::kHpx;
    file.key = fmt::format("{}{}-{:04}-{}.{}{}", folder_, table, number, file.hash.substr(0, 16),
                           is_hpx ? "tsv" : "json", settings_.gzip ? ".gz" : "");
    if (!settings_.gzip) {
      file.body = text;
      return file;
    }
    auto member = gzip_member(text);
    if (!member) return member.error();
    file.body = std::move(*member);
    return file;
  }

  LoadFile make_manifest(const std::string& table, const std::vector<LoadFile>& files) const {
    nlohmann::ordered_json entries = nlohmann::ordered_json::array();
    for (const LoadFile& file : files) {
      entries.push_back({{"url", fmt::format("s3://{}/{}", settings_.store.bucket, file.key)},
                         {"mandatory", true},
                         {"meta", {{"content_length", file.body.size()}}}});
    }
    LoadFile manifest;
    manifest.body = nlohmann::ordered_json{{"entries", entries}}.dump();
    manifest.hash = base::hash128_hex(manifest.body);
    manifest.key = fmt::format("{}{}-{}.manifest", folder_, table, manifest.hash.substr(0, 16));
    return manifest;
  }

  const RedshiftSettings& settings_;
  const std::string folder_;
};

constexpr std::array<std::string_view, 11> kHpxColumns = {
    "request_time", "c_ip",     "cs_user_agent", "cs_uri_stem", "cs_uri_query", "a", "b", "c", "d",
    "cs_referer",   "cs_cookie"};

}  // namespace

std::string loads_prefix(const RedshiftSettings& settings, std::string_view sink) {
  return fmt::format("{}/{}/", settings.prefix, sink);
}

base::Result<std::string> hpx_text(const TableSpec& table, const RowBlock& rows) {
  std::array<std::size_t, kHpxColumns.size()> at{};
  for (std::size_t i = 0; i < kHpxColumns.size(); ++i) {
    const auto found =
        std::find_if(table.columns.begin(), table.columns.end(),
                     [&](const ColumnSpec& column) { return column.name == kHpxColumns[i]; });
    const ColumnType wanted = i == 0 ? ColumnType::kTimestamp : ColumnType::kVarchar;
    if (found == table.columns.end() || found->type != wanted) {
      return base::Error{fmt::format("preset \"hpx\" needs the column {} of type {} in table {}",
                                     kHpxColumns[i], column_type_name(wanted), table.name)};
    }
    at[i] = static_cast<std::size_t>(found - table.columns.begin());
  }
  std::string text;
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    append_time(text, rows.columns[at[0]][row]);
    for (std::size_t i = 1; i < kHpxColumns.size(); ++i) {
      const Cell& cell = rows.columns[at[i]][row];
      // stem?query is one value: the url.
      const bool is_query = kHpxColumns[i] == "cs_uri_query";
      if (is_query && (cell.null || cell.size == 0)) continue;
      text += is_query ? '?' : '\t';
      append_value(text, cell);
    }
    text += '\n';
  }
  return text;
}

base::Result<std::vector<TableLoad>> plan_loads(const Batch& batch,
                                                const std::vector<TableSpec>& tables,
                                                const RedshiftSettings& settings,
                                                std::string_view sink) {
  LoadPlanner planner(settings, fmt::format("{}{}/", loads_prefix(settings, sink), batch.token()));
  std::vector<TableLoad> loads;
  for (std::uint32_t i = 0; i < tables.size(); ++i) {
    if (batch.tables[i].row_count == 0) continue;
    base::Result<TableLoad> load = base::Error{""};
    if (settings.preset == RedshiftPreset::kHpx) {
      auto text = hpx_text(tables[i], batch.tables[i]);
      if (!text) return text.error();
      load = planner.plan("pixels", *text);
    } else {
      JsonLines encoder(tables[i].columns);
      load = planner.plan(tables[i].name, encoder.encode(batch.tables[i]));
    }
    if (!load) return load.error();
    load->table = i;
    loads.push_back(std::move(*load));
  }
  return loads;
}

}  // namespace pixel::shipper::redshift
