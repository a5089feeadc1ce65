// SPDX-License-Identifier: Apache-2.0
// See segment_scan.h. memchr and memrchr of the C library are vectorised: a chunk without NUL costs
// one pass and a few bytes.
#include "logfmt/segment_scan.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>

#include "logfmt/format.h"

namespace pixel::logfmt {
namespace {

constexpr std::size_t kDateBytes = 10;

// First position of `byte` in [from, text.size()), or text.size().
std::size_t find_byte(std::string_view text, std::size_t from, char byte) {
  const std::size_t at = text.find(byte, from);
  return at == std::string_view::npos ? text.size() : at;
}

// First position of a byte other than NUL, by words: most of an unsealed segment is NUL.
std::size_t skip_nul(std::string_view text, std::size_t from) {
  std::uint64_t word = 0;
  while (from + sizeof word <= text.size()) {
    std::memcpy(&word, text.data() + from, sizeof word);
    if (word != 0) break;
    from += sizeof word;
  }
  while (from < text.size() && text[from] == '\0') ++from;
  return from;
}

bool is_whole_access_line(std::string_view line) {
  return line.find('\t') == kDateBytes &&
         std::count(line.begin(), line.end(), '\t') == kFieldCount - 1;
}

bool is_whole_comment(std::string_view line) {
  return line == "#" || line.starts_with("#-") || line.starts_with("#Version:") ||
         line.starts_with("#Fields:");
}

// The first line after a NUL run may be the end of a line whose begin is lost. Cut anywhere, an
// access line has a short date or too few tabs; a JSON object has unbalanced braces or quotes.
bool is_whole_after_nul(std::string_view line) {
  if (is_whole_access_line(line) || is_whole_comment(line)) return true;
  return line.starts_with('{') && nlohmann::json::accept(line.begin(), line.end());
}

// Where the whole lines begin in text that follows a NUL run: at `begin`, or after the rest of a
// torn line. text_end (the next NUL or the end) where there are none.
std::size_t first_whole_line(std::string_view text, std::size_t begin, std::size_t text_end) {
  const std::size_t newline = find_byte(text.substr(0, text_end), begin, '\n');
  if (newline == text_end) return text_end;
  if (begin == 0 || is_whole_after_nul(text.substr(begin, newline - begin))) return begin;
  return newline + 1;
}

}  // namespace

std::size_t published_bytes(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const void* const nul = std::memchr(text.data(), '\0', text.size());
  const std::size_t end =
      nul == nullptr ? text.size()
                     : static_cast<std::size_t>(static_cast<const char*>(nul) - text.data());
  const void* const newline = ::memrchr(text.data(), '\n', end);
  if (newline == nullptr) return 0;
  return static_cast<std::size_t>(static_cast<const char*>(newline) - text.data()) + 1;
}

RecoveryScan scan_for_recovery(std::string_view segment) {
  RecoveryScan scan;
  std::size_t from = 0;
  while ((from = skip_nul(segment, from)) < segment.size()) {
    const std::size_t run_end = find_byte(segment, from, '\0');
    const std::size_t whole = first_whole_line(segment, from, run_end);
    const std::size_t whole_bytes = published_bytes(segment.substr(whole, run_end - whole));
    if (whole_bytes != 0) {
      // published_end is always the begin of a line, so is the hole's.
      if (whole > scan.published_end) scan.holes.push_back({scan.published_end, whole});
      scan.published_end = whole + whole_bytes;
    }
    from = run_end;
  }
  const std::string_view tail = segment.substr(scan.published_end);
  scan.torn_tail_bytes =
      tail.size() - static_cast<std::uint64_t>(std::count(tail.begin(), tail.end(), '\0'));
  return scan;
}

void fill_hole(char* segment, const TornRange& hole) noexcept {
  std::uint64_t at = hole.begin;
  while (at < hole.end) {
    const std::uint64_t line_end = std::min(hole.end, at + kFillerLineBytes);
    std::memset(segment + at, '-', line_end - at);
    segment[at] = '#';
    segment[line_end - 1] = '\n';
    at = line_end;
  }
}

}  // namespace pixel::logfmt
