// SPDX-License-Identifier: Apache-2.0
// See columns.h. COLD.
#include "shipper/decode/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "shipper/decode/row_rules.h"

namespace pixel::shipper {
namespace {

using logfmt::Field;

struct FieldColumn {
  const char* name;
  ColumnType type;
  Field field;
  bool percent_decode;
};

// The writer encodes these once: the row has what the client sent.
constexpr bool kDecode = true;
constexpr bool kAsIs = false;

constexpr FieldColumn kFieldColumns[] = {
    {"edge_location", ColumnType::kVarchar, Field::kEdgeLocation, kAsIs},
    {"sc_bytes", ColumnType::kInteger, Field::kScBytes, kAsIs},
    {"c_ip", ColumnType::kVarchar, Field::kClientIp, kAsIs},
    {"cs_method", ColumnType::kVarchar, Field::kMethod, kDecode},
    {"cs_host", ColumnType::kVarchar, Field::kHost, kAsIs},
    {"cs_uri_stem", ColumnType::kVarchar, Field::kUriStem, kDecode},
    {"sc_status", ColumnType::kInteger, Field::kStatus, kAsIs},
    {"cs_referer", ColumnType::kVarchar, Field::kReferer, kDecode},
    {"cs_user_agent", ColumnType::kVarchar, Field::kUserAgent, kDecode},
    {"cs_uri_query", ColumnType::kVarchar, Field::kUriQuery, kDecode},
    {"cs_cookie", ColumnType::kVarchar, Field::kCookie, kDecode},
    {"x_edge_result_type", ColumnType::kVarchar, Field::kResultType, kAsIs},
    {"x_edge_request_id", ColumnType::kVarchar, Field::kRequestId, kAsIs},
    {"x_host_header", ColumnType::kVarchar, Field::kHostHeader, kDecode},
    {"cs_protocol", ColumnType::kVarchar, Field::kProtocol, kAsIs},
    {"cs_bytes", ColumnType::kInteger, Field::kCsBytes, kAsIs},
    {"time_taken", ColumnType::kDouble, Field::kTimeTaken, kAsIs},
    {"x_forwarded_for", ColumnType::kVarchar, Field::kForwardedFor, kDecode},
    {"ssl_protocol", ColumnType::kVarchar, Field::kSslProtocol, kAsIs},
    {"ssl_cipher", ColumnType::kVarchar, Field::kSslCipher, kAsIs},
    {"x_edge_response_result_type", ColumnType::kVarchar, Field::kResponseResultType, kAsIs},
    {"cs_protocol_version", ColumnType::kVarchar, Field::kProtocolVersion, kAsIs},
    {"fle_status", ColumnType::kVarchar, Field::kFleStatus, kAsIs},
    {"fle_encrypted_fields", ColumnType::kInteger, Field::kFleEncryptedFields, kAsIs},
    {"c_port", ColumnType::kInteger, Field::kClientPort, kAsIs},
    {"time_to_first_byte", ColumnType::kDouble, Field::kTimeToFirstByte, kAsIs},
    {"x_edge_detailed_result_type", ColumnType::kVarchar, Field::kDetailedResultType, kAsIs},
    {"sc_content_type", ColumnType::kVarchar, Field::kContentType, kDecode},
    {"sc_content_len", ColumnType::kInteger, Field::kContentLength, kAsIs},
    {"sc_range_start", ColumnType::kInteger, Field::kRangeStart, kAsIs},
    {"sc_range_end", ColumnType::kInteger, Field::kRangeEnd, kAsIs},
};

struct MemberColumn {
  const char* name;
  ColumnType type;
  EventMember member;
};

constexpr MemberColumn kMemberColumns[] = {
    {"number", ColumnType::kInteger, EventMember::kNumber},
    {"client", ColumnType::kVarchar, EventMember::kClient},
    {"host", ColumnType::kVarchar, EventMember::kHost},
    {"path", ColumnType::kVarchar, EventMember::kPath},
    {"query", ColumnType::kVarchar, EventMember::kQuery},
    {"content_type", ColumnType::kVarchar, EventMember::kContentType},
    {"visitor", ColumnType::kVarchar, EventMember::kVisitor},
    {"user_agent", ColumnType::kVarchar, EventMember::kUserAgent},
    {"referer", ColumnType::kVarchar, EventMember::kReferer},
    {"fault", ColumnType::kVarchar, EventMember::kFault},
    {"encoding", ColumnType::kVarchar, EventMember::kEncoding},
    {"record", ColumnType::kJson, EventMember::kRecord},
};

ColumnSpec plain_column(std::string name, ColumnType type, ColumnSource source) {
  ColumnSpec spec;
  spec.name = std::move(name);
  spec.type = type;
  spec.source = source;
  return spec;
}

}  // namespace

std::string_view column_type_name(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::kVarchar:
      return "varchar";
    case ColumnType::kInteger:
      return "integer";
    case ColumnType::kDouble:
      return "double";
    case ColumnType::kBoolean:
      return "boolean";
    case ColumnType::kTimestamp:
      return "timestamp";
    case ColumnType::kUuid:
      return "uuid";
    case ColumnType::kInet:
      return "inet";
    case ColumnType::kJson:
      return "json";
  }
  return "unknown";
}

ColumnSpec parameter_column(std::string name) {
  ColumnSpec spec = plain_column(name, ColumnType::kVarchar, ColumnSource::kQuery);
  spec.parameter = std::move(name);
  return spec;
}

std::vector<ColumnSpec> source_columns(logfmt::SegmentKind source) {
  std::vector<ColumnSpec> columns;
  if (source == logfmt::SegmentKind::kAccess) {
    columns.push_back(
        plain_column("request_time", ColumnType::kTimestamp, ColumnSource::kRequestTime));
    for (const FieldColumn& field : kFieldColumns) {
      ColumnSpec spec = plain_column(field.name, field.type, ColumnSource::kField);
      spec.field = field.field;
      spec.percent_decode = field.percent_decode;
      columns.push_back(std::move(spec));
    }
    return columns;
  }
  columns.push_back(plain_column("event_time", ColumnType::kTimestamp, ColumnSource::kRequestTime));
  columns.push_back(plain_column("request_id", ColumnType::kVarchar, ColumnSource::kRequestId));
  for (const MemberColumn& member : kMemberColumns) {
    ColumnSpec spec = plain_column(member.name, member.type, ColumnSource::kMember);
    spec.member = member.member;
    columns.push_back(std::move(spec));
  }
  return columns;
}

std::vector<ColumnSpec> lineage_columns() {
  return {plain_column("_segment", ColumnType::kVarchar, ColumnSource::kSegment),
          plain_column("_offset", ColumnType::kInteger, ColumnSource::kOffset),
          plain_column("_request_id", ColumnType::kVarchar, ColumnSource::kRequestId)};
}

std::vector<ColumnSpec> standard_columns(const std::vector<ColumnSpec>& parameters) {
  std::vector<ColumnSpec> columns = source_columns(logfmt::SegmentKind::kAccess);
  columns.insert(columns.end(), parameters.begin(), parameters.end());
  columns.push_back(plain_column("_segment", ColumnType::kVarchar, ColumnSource::kSegment));
  columns.push_back(plain_column("_offset", ColumnType::kInteger, ColumnSource::kOffset));
  return columns;
}

TableSpec requests_table(const std::vector<ColumnSpec>& parameters) {
  return {"requests", logfmt::SegmentKind::kAccess, standard_columns(parameters)};
}

TableSpec events_table() {
  TableSpec table{"events", logfmt::SegmentKind::kEvents,
                  source_columns(logfmt::SegmentKind::kEvents)};
  table.columns.push_back(plain_column("_segment", ColumnType::kVarchar, ColumnSource::kSegment));
  table.columns.push_back(plain_column("_offset", ColumnType::kInteger, ColumnSource::kOffset));
  return table;
}

std::string rows_fingerprint(const std::vector<TableSpec>& tables) {
  std::string text;
  for (const TableSpec& table : tables) {
    text += fmt::format("table {} {}\n", table.name, static_cast<char>(table.source));
    for (const ColumnSpec& column : table.columns) text += describe(column);
    if (table.rules != nullptr) text += table.rules->description();
  }
  return fmt::format("{:016x}", base::hash64(text));
}

std::string describe(const ColumnSpec& column) {
  std::string path;
  for (const JsonStep& step : column.path) {
    path += step.is_index ? fmt::format("[{}]", step.index) : fmt::format("['{}']", step.key);
  }
  const DefaultValue& value = column.default_value;
  return fmt::format("column {} {} {} {} {} {} {}{} {} {} {} {} {} {} {}\n", column.name,
                     static_cast<int>(column.type), static_cast<int>(column.source),
                     static_cast<int>(column.field), column.parameter,
                     static_cast<int>(column.member), column.has_path, path, column.percent_decode,
                     static_cast<int>(column.decode_mode), static_cast<int>(column.on_error),
                     value.is_set, value.integer, value.real, value.text);
}

bool is_column_name(std::string_view name) noexcept {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto is_part = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 63 && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), is_part);
}

}  // namespace pixel::shipper
