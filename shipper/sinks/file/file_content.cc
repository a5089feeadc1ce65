// SPDX-License-Identifier: Apache-2.0
// See file_content.h.
#include "shipper/sinks/file/file_content.h"

#include <algorithm>

#include "logfmt/format.h"
#include "shipper/encode/gzip_member.h"

namespace pixel::shipper {
namespace {

// About a quarter of a megabyte of JSON: small enough for a core's cache, large enough for a system
// call, and for a gzip member to compress as well as a larger one.
constexpr std::size_t kPieceRows = 256;
constexpr std::size_t kAccessSeries = 0;
constexpr std::size_t kEventSeries = 1;

// Every member is of the same form: where the whole file is compressed, its header is too.
std::string maybe_compressed(std::string text, bool gzip) {
  if (!gzip || text.empty()) return text;
  auto member = gzip_member(text);
  return member ? std::move(member).value() : std::string();
}

}  // namespace

FileContent::FileContent(const FileSinkOptions& options) : format_(options.format) {
  if (options.gzip) gzip_encoder_.emplace();
  const std::string end = options.gzip ? ".gz" : "";
  if (format_ == FileFormat::kRaw) {
    const std::string header(logfmt::kAccessHeader);
    series_.push_back({"access", ".log" + end, maybe_compressed(header, options.gzip)});
    series_.push_back({"events", ".ndjson" + end, ""});
    return;
  }
  for (const TableSpec& table : options.tables) {
    if (format_ == FileFormat::kJsonLines) {
      json_.emplace_back(table.columns);
      series_.push_back({table.name, ".jsonl" + end, ""});
    } else {
      csv_.emplace_back(table.columns);
      series_.push_back(
          {table.name, ".csv" + end, maybe_compressed(csv_.back().header(), options.gzip)});
    }
  }
}

base::Status FileContent::encode(const Batch& batch, const Write& write) {
  if (format_ == FileFormat::kRaw) {
    for (const LineChunk& chunk : batch.lines) {
      if (auto status = encode_lines(chunk, write); !status) return status;
    }
    return base::ok_status();
  }
  return encode(batch.tables, write);
}

base::Status FileContent::encode(const std::vector<RowBlock>& tables, const Write& write) {
  for (std::size_t table = 0; table < series_.size(); ++table) {
    const RowBlock& rows = tables[table];
    if (auto status = encode_rows(table, rows, 0, rows.row_count, write); !status) return status;
  }
  return base::ok_status();
}

base::Status FileContent::encode_some(const Batch& batch, const Wanted& wanted,
                                      const Write& write) {
  for (std::size_t table = 0; table < series_.size(); ++table) {
    const RowBlock& rows = batch.tables[table];
    for (std::size_t begin = 0; begin < rows.row_count;) {
      std::size_t end = begin;
      while (end < rows.row_count && wanted(table, end)) ++end;
      if (auto status = encode_rows(table, rows, begin, end, write); !status) return status;
      begin = end + 1;
    }
  }
  return base::ok_status();
}

base::Status FileContent::encode_rows(std::size_t table, const RowBlock& rows, std::size_t begin,
                                      std::size_t end, const Write& write) {
  for (std::size_t from = begin; from < end; from += kPieceRows) {
    const std::size_t to = std::min(from + kPieceRows, end);
    const std::string_view piece = format_ == FileFormat::kJsonLines
                                       ? json_[table].encode(rows, from, to)
                                       : csv_[table].encode(rows, from, to);
    if (auto status = give(table, piece, write); !status) return status;
  }
  return base::ok_status();
}

// Without the comment lines: every file has a header of its own. A line of the log has no '#',
// which its encoding replaces; one of the events may.
base::Status FileContent::encode_lines(const LineChunk& chunk, const Write& write) {
  const bool is_access = logfmt::line_kind(chunk.segment.lane.kind) == logfmt::SegmentKind::kAccess;
  const std::size_t series = is_access ? kAccessSeries : kEventSeries;
  std::string_view text = chunk.text;
  std::size_t at = 0;
  while ((at = text.find('#', at)) != std::string_view::npos) {
    if (at > 0 && text[at - 1] != '\n') {
      ++at;
      continue;
    }
    if (auto status = give(series, text.substr(0, at), write); !status) return status;
    const std::size_t newline = text.find('\n', at);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    at = 0;
  }
  return give(series, text, write);
}

base::Status FileContent::give(std::size_t series, std::string_view bytes, const Write& write) {
  if (bytes.empty()) return base::ok_status();
  if (!gzip_encoder_) return write(series, bytes);
  const auto member = gzip_encoder_->encode(bytes);
  return member ? write(series, *member) : base::Status(member.error());
}

}  // namespace pixel::shipper
