// SPDX-License-Identifier: Apache-2.0
// See clickhouse_schema.h.
#include "shipper/sinks/clickhouse/clickhouse_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "shipper/encode/row_binary.h"

namespace pixel::shipper {
namespace {

struct NamedType {
  std::string_view name;
  WireType type;
};

constexpr NamedType kTypes[] = {
    {"String", WireType::kString},     {"Int8", WireType::kInt8},
    {"Int16", WireType::kInt16},       {"Int32", WireType::kInt32},
    {"Int64", WireType::kInt64},       {"UInt8", WireType::kUInt8},
    {"Bool", WireType::kUInt8},        {"UInt16", WireType::kUInt16},
    {"UInt32", WireType::kUInt32},     {"UInt64", WireType::kUInt64},
    {"Float32", WireType::kFloat32},   {"Float64", WireType::kFloat64},
    {"DateTime", WireType::kDateTime}, {"UUID", WireType::kUuid},
    {"IPv4", WireType::kIpv4},         {"IPv6", WireType::kIpv6},
};

// "X(inner)" -> inner; nothing where it is no X.
std::optional<std::string_view> inside(std::string_view type, std::string_view wrapper) {
  const bool is_wrapped = type.starts_with(wrapper) && type.size() > wrapper.size() + 1 &&
                          type[wrapper.size()] == '(' && type.ends_with(')');
  if (!is_wrapped) return std::nullopt;
  return type.substr(wrapper.size() + 1, type.size() - wrapper.size() - 2);
}

// A value that every row has; such columns are keys, and keys are not nullable.
bool is_never_null(ColumnSource source) {
  return source == ColumnSource::kRequestTime || source == ColumnSource::kSegment ||
         source == ColumnSource::kOffset;
}

std::string plain_type(const ColumnSpec& column, const ClickhouseServer& server) {
  switch (column.type) {
    case ColumnType::kInteger:
      return "Int64";
    case ColumnType::kDouble:
      return "Float64";
    case ColumnType::kBoolean:
      return "UInt8";
    case ColumnType::kTimestamp:
      return server.has_type("DateTime64") ? "DateTime64(6, 'UTC')" : "DateTime('UTC')";
    case ColumnType::kUuid:
      return "UUID";
    case ColumnType::kInet:
      return server.has_type("IPv6") ? "IPv6" : "String";
    case ColumnType::kVarchar:
    case ColumnType::kJson:
      return "String";
  }
  return "String";
}

const ColumnSpec* find_source(const TableSpec& spec, ColumnSource source) {
  const std::size_t place = spec.find(source);
  return place < spec.columns.size() ? &spec.columns[place] : nullptr;
}

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') out += '\\';
    out += c;
  }
  out += quote;
  return out;
}

}  // namespace

std::string quote_name(std::string_view name) { return quoted(name, '`'); }
std::string quote_text(std::string_view text) { return quoted(text, '\''); }

std::optional<WireColumn> parse_clickhouse_type(std::string_view type) {
  WireColumn wire;
  if (const auto inner = inside(type, "LowCardinality")) type = *inner;
  if (const auto inner = inside(type, "Nullable")) {
    wire.is_nullable = true;
    type = *inner;
  }
  if (const auto arguments = inside(type, "DateTime64")) {
    unsigned scale = 0;
    const auto parsed =
        std::from_chars(arguments->data(), arguments->data() + arguments->size(), scale);
    if (parsed.ec != std::errc() || scale > 9) return std::nullopt;
    wire.type = WireType::kDateTime64;
    wire.scale = static_cast<std::uint8_t>(scale);
    return wire;
  }
  if (inside(type, "DateTime")) type = "DateTime";
  const auto* const found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [type](const auto& known) { return known.name == type; });
  if (found == std::end(kTypes)) return std::nullopt;
  wire.type = found->type;
  return wire;
}

base::Result<std::vector<WireColumn>> match_columns(const TableSpec& spec,
                                                    const ClickhouseTable& table, bool is_binary) {
  std::vector<WireColumn> wire;
  for (const ColumnSpec& column : spec.columns) {
    const auto found = table.columns.find(column.name);
    if (found == table.columns.end()) {
      return base::Error{fmt::format("table {} has no column {}: run pixel-shipper init, or add it",
                                     spec.name, column.name)};
    }
    const auto parsed = parse_clickhouse_type(found->second);
    if (is_binary && (!parsed || !fits_wire(column.type, *parsed))) {
      return base::Error{fmt::format(
          "column {} of table {} is {}, which does not hold {}: alter it, or set format = \"tsv\"",
          column.name, spec.name, found->second, column_type_name(column.type))};
    }
    // What only the server can read from text may be NULL, as far as we know.
    wire.push_back(parsed.value_or(WireColumn{WireType::kString, true, 0}));
  }
  return wire;
}

std::uint64_t deduplication_window(const ClickhouseServer& server, const ClickhouseTable& table) {
  if (!server.has_setting("insert_deduplication_token")) return 0;
  const bool is_replicated =
      table.engine.starts_with("Replicated") || table.engine.starts_with("Shared");
  if (!is_replicated && !table.engine.ends_with("MergeTree")) return 0;
  const std::string name =
      is_replicated ? "replicated_deduplication_window" : "non_replicated_deduplication_window";
  const std::string assignment = name + " = ";
  // The longer name contains the shorter one: what stands before it tells them apart.
  for (std::size_t at = 0; (at = table.engine_full.find(assignment, at)) != std::string::npos;
       at += assignment.size()) {
    if (at > 0 && table.engine_full[at - 1] != ' ') continue;
    const char* const begin = table.engine_full.data() + at + assignment.size();
    std::uint64_t window = 0;
    std::from_chars(begin, table.engine_full.data() + table.engine_full.size(), window);
    return window;
  }
  const auto standard = server.merge_tree.find(name);
  return standard == server.merge_tree.end() ? 0 : standard->second;
}

std::string column_definition(const ColumnSpec& column, const ClickhouseServer& server) {
  std::string type = plain_type(column, server);
  if (!is_never_null(column.source)) {
    type = fmt::format("Nullable({})", type);
  } else if (column.source == ColumnSource::kSegment && server.has_type("DateTime64")) {
    // A part has rows of few segments. Servers that lack DateTime64 want to be asked for it.
    type = fmt::format("LowCardinality({})", type);
  }
  return quote_name(column.name) + " " + type;
}

std::string create_table_statement(const TableSpec& spec, const ClickhouseOptions& options,
                                   const ClickhouseServer& server) {
  std::string columns;
  for (const ColumnSpec& column : spec.columns) {
    columns += (columns.empty() ? "" : ", ") + column_definition(column, server);
  }
  const ColumnSpec* const time = find_source(spec, ColumnSource::kRequestTime);
  std::string order;
  for (const ColumnSource source :
       {ColumnSource::kRequestTime, ColumnSource::kSegment, ColumnSource::kOffset}) {
    const ColumnSpec* const column = find_source(spec, source);
    if (column != nullptr) order += (order.empty() ? "" : ", ") + quote_name(column->name);
  }
  std::string engine = options.engine;
  if (!engine.ends_with(')')) engine += "()";
  std::string statement =
      fmt::format("CREATE TABLE IF NOT EXISTS {}.{} ({}) ENGINE = {}", quote_name(options.database),
                  quote_name(spec.name), columns, engine);
  const std::size_t place = options.partition_by.find("{time}");
  if (time != nullptr && place != std::string::npos) {
    std::string partition = options.partition_by;
    statement += " PARTITION BY " + partition.replace(place, 6, quote_name(time->name));
  }
  statement += fmt::format(" ORDER BY ({})", order);
  const bool is_plain = options.engine.starts_with("MergeTree");
  if (is_plain && options.deduplication_window > 0 &&
      server.merge_tree.contains("non_replicated_deduplication_window")) {
    statement += fmt::format(" SETTINGS non_replicated_deduplication_window = {}",
                             options.deduplication_window);
  }
  return statement;
}

}  // namespace pixel::shipper
