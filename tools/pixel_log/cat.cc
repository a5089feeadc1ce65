// SPDX-License-Identifier: Apache-2.0
// COLD: see cat.h.
#include "tools/pixel_log/cat.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "logfmt/format.h"
#include "logfmt/line_decode.h"
#include "logfmt/unescape.h"

namespace pixel::logs {
namespace {

std::string_view raw_line(const logfmt::LineTable& table, const logfmt::LineRef& line) {
  return table.text().substr(line.begin, line.end + 1 - line.begin);
}

// The header's second line and the lines of access logs until 2019.
std::string old_header() {
  std::string text = "#Version: 1.0\n#Fields:";
  for (std::size_t i = 0; i < logfmt::kOldFieldCount; ++i) {
    text += ' ';
    text += logfmt::field_name(static_cast<logfmt::Field>(i));
  }
  return text + '\n';
}

std::string old_line(const logfmt::LineTable& table, const logfmt::LineRef& line) {
  const auto last = static_cast<logfmt::Field>(logfmt::kOldFieldCount - 1);
  const std::string_view field = table.field(line, last);
  const auto bytes = static_cast<std::size_t>(field.data() + field.size() - table.text().data());
  return std::string(table.text().substr(line.begin, bytes - line.begin)) + '\n';
}

bool looks_like_events(std::string_view text) { return text.starts_with('{'); }

// Whether a file is a log: by its first lines, of which no line can fill all.
bool looks_like_log(std::string_view text) {
  constexpr std::size_t enough_bytes = 2 * logfmt::kLineBytesMax;
  if (text.empty()) return true;
  if (looks_like_events(text)) {
    const std::string_view line = text.substr(0, text.find('\n'));
    return nlohmann::json::accept(line.begin(), line.end());
  }
  std::string_view first = text.substr(0, enough_bytes);
  logfmt::LineTable table;
  table.decode(first.substr(0, first.rfind('\n') + 1));
  return !table.lines().empty() || (table.comment_lines() > 0 && table.bad_lines().empty());
}

std::string json_line(const logfmt::LineTable& table, const logfmt::LineRef& line) {
  nlohmann::ordered_json object;
  for (std::size_t i = 0; i < line.field_count; ++i) {
    const auto field = static_cast<logfmt::Field>(i);
    object[std::string(logfmt::field_name(field))] = logfmt::unescape(table.field(line, field));
  }
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

std::string id_line(const logfmt::LineTable& table, const logfmt::LineRef& line,
                    const logfmt::RequestIdCipher& cipher) {
  const std::string_view id = table.field(line, logfmt::Field::kRequestId);
  const auto plain = cipher.decode(id);
  if (!plain) return fmt::format("-\t-\t{}\n", id);
  return fmt::format("node={} boot={:08X} worker={} sequence={}\t{}\n", plain->node, plain->boot,
                     plain->worker, plain->sequence, id);
}

}  // namespace

Cat::Cat(CatFormat format, const logfmt::RequestIdCipher* cipher, Print print, CatKind kind)
    : format_(format), cipher_(cipher), print_(std::move(print)), kind_(kind) {}

base::Status Cat::print_new(const std::vector<std::filesystem::path>& paths) {
  for (const auto& path : paths) {
    SpoolView view;
    if (base::Status added = add_path(path, view); !added) return added;
    for (const auto& [segment, files] : view.segments) {
      if (gone_) return base::ok_status();
      if (base::Status printed = print_segment(segment, files); !printed) return printed;
    }
    for (const auto& file : view.other_logs) {
      if (gone_) return base::ok_status();
      if (base::Status printed = print_file(file); !printed) return printed;
    }
  }
  return base::ok_status();
}

base::Status Cat::print_segment(const logfmt::SegmentId& segment, const SegmentFiles& files) {
  if (!files.data) return base::ok_status();
  std::uint64_t& printed = printed_bytes_[segment];
  base::Result<std::string> text = base::Error{};
  if (files.data->extension() == ".gz") {
    text = read_text(*files.data, false);
    if (text.ok()) text->erase(0, std::min<std::uint64_t>(printed, text->size()));
  } else {
    text = read_published_from(*files.data, printed);
  }
  if (!text) {
    // Sealed between listing and opening: the next round, or the sealed name, has it.
    std::error_code error;
    if (files.active && !std::filesystem::exists(*files.data, error)) return base::ok_status();
    return text.error();
  }
  printed += text->size();
  print_text(*text, segment.lane.kind);
  return base::ok_status();
}

base::Status Cat::print_file(const std::filesystem::path& path) {
  auto text = read_text(path, false);
  if (!text) return text.error();
  if (!text->empty() && !text->ends_with('\n')) *text += '\n';
  std::uint64_t& printed = printed_file_bytes_[path];
  text->erase(0, std::min<std::uint64_t>(printed, text->size()));
  printed += text->size();
  const bool is_new = printed == text->size();
  if (is_new && !looks_like_log(*text)) no_logs_.insert(path);
  if (no_logs_.contains(path)) return base::ok_status();
  const bool json = looks_like_events(*text);
  print_text(*text, json ? logfmt::SegmentKind::kEvents : logfmt::SegmentKind::kAccess);
  return base::ok_status();
}

void Cat::print_text(std::string_view text, logfmt::SegmentKind kind) {
  if (text.empty()) return;
  const bool is_events = kind == logfmt::SegmentKind::kEvents;
  if (kind_ == (is_events ? CatKind::kAccess : CatKind::kEvents)) return;
  is_events ? print_events(text) : print_access(text);
}

void Cat::print_header() {
  if (!header_printed_ && format_ == CatFormat::kLines) print_(logfmt::kAccessHeader);
  if (!header_printed_ && format_ == CatFormat::kOldLines) print_(old_header());
  header_printed_ = true;
}

void Cat::print_access(std::string_view text) {
  print_header();
  logfmt::LineTable table;
  table.decode(text);
  for (const logfmt::LineRef& line : table.lines()) {
    bool more = true;
    switch (format_) {
      case CatFormat::kLines:
        more = print_(raw_line(table, line));
        break;
      case CatFormat::kOldLines:
        more = print_(old_line(table, line));
        break;
      case CatFormat::kJson:
        more = print_(json_line(table, line));
        break;
      case CatFormat::kIds:
        more = print_(id_line(table, line, *cipher_));
        break;
    }
    if (!more) {
      gone_ = true;
      return;
    }
  }
}

void Cat::print_events(std::string_view text) {
  while (!text.empty() && !gone_) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (text[0] != '#') gone_ = !print_(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace pixel::logs
