// SPDX-License-Identifier: Apache-2.0
// See letter_box.h. COLD.
#include "shipper/letter_box.h"

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <tuple>

#include "base/file.h"
#include "shipper/deliver/dead_letter.h"

namespace pixel::shipper {
namespace {

using nlohmann::json;
using Place = std::tuple<logfmt::SegmentId, std::uint64_t, std::string>;

constexpr std::string_view kLettersFile = "dead_letters.jsonl";
constexpr std::string_view kResolvedFile = "dead_letters.resolved.jsonl";

// Nothing where there is no file.
base::Result<std::string> read_if_there(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::string();
  return base::read_file(path);
}

// Calls visit(line) for each whole line: what is behind the last newline is being written.
template <class Visit>
void for_each_line(std::string_view text, Visit&& visit) {
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    visit(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

std::optional<ResolvedLetter> parse_resolved(std::string_view line) {
  const json object = json::parse(line.begin(), line.end(), nullptr, false);
  if (!object.is_object()) return std::nullopt;
  try {
    const auto segment = logfmt::parse_segment(object.at("segment").get<std::string>());
    if (!segment) return std::nullopt;
    return ResolvedLetter{*segment, object.at("offset").get<std::uint64_t>(),
                          object.at("table").get<std::string>(), object.at("row").get<bool>(),
                          object.at("counted").get<bool>()};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::string to_line(const ResolvedLetter& letter) {
  return json{{"segment", to_text(letter.segment)},
              {"offset", letter.offset},
              {"table", letter.table},
              {"row", letter.is_row},
              {"counted", letter.is_counted}}
             .dump() +
         "\n";
}

// Places that are resolved; counts each line once, however often it was written.
base::Result<std::set<Place>> read_resolved_places(const std::filesystem::path& sink_state,
                                                   LetterBox& box) {
  std::set<Place> places;
  std::set<std::pair<logfmt::SegmentId, std::uint64_t>> counted;
  const auto text = read_if_there(sink_state / kResolvedFile);
  if (!text) return text.error();
  for_each_line(*text, [&](std::string_view line) {
    const auto letter = parse_resolved(line);
    if (!letter) {
      ++box.damaged_lines;
      return;
    }
    places.insert({letter->segment, letter->offset, letter->table});
    if (!letter->is_counted || !counted.insert({letter->segment, letter->offset}).second) return;
    ++(letter->is_row ? box.resolved.rows : box.resolved.filtered);
  });
  return places;
}

}  // namespace

Checkpoint with_resolved(Checkpoint checkpoint, const ResolvedCounts& resolved) {
  checkpoint.rows += resolved.rows;
  checkpoint.filtered += resolved.filtered;
  checkpoint.dead_lettered -= std::min(checkpoint.dead_lettered, resolved.rows + resolved.filtered);
  return checkpoint;
}

base::Result<LetterBox> read_letter_box(const std::filesystem::path& sink_state) {
  LetterBox box;
  const auto places = read_resolved_places(sink_state, box);
  if (!places) return places.error();
  const auto text = read_if_there(sink_state / kLettersFile);
  if (!text) return text.error();
  for_each_line(*text, [&](std::string_view line) {
    auto letter = parse_dead_letter(line);
    if (!letter) {
      ++box.damaged_lines;
    } else if (!places->contains({letter->segment, letter->offset, letter->table})) {
      box.open.push_back(std::move(letter).value());
    }
  });
  return box;
}

ResolvedCounts read_resolved(const std::filesystem::path& sink_state) {
  LetterBox box;
  const auto places = read_resolved_places(sink_state, box);
  return places ? box.resolved : ResolvedCounts{};
}

base::Status mark_resolved(const std::filesystem::path& sink_state,
                           std::span<const ResolvedLetter> letters) {
  if (letters.empty()) return base::ok_status();
  const auto path = sink_state / kResolvedFile;
  const auto fd = base::open_file(path, O_RDWR | O_CREAT | O_APPEND, 0640);
  if (!fd) return fd.error();
  // A killed process may have left half a line: a newline first makes it one that is passed over.
  const off_t length = ::lseek(fd->get(), 0, SEEK_END);
  char last = '\n';
  if (length > 0 && ::pread(fd->get(), &last, 1, length - 1) != 1) {
    return base::errno_error("read", path, errno);
  }
  std::string text = last == '\n' ? "" : "\n";
  for (const ResolvedLetter& letter : letters) text += to_line(letter);
  if (auto status = base::write_all(fd->get(), text, path); !status) return status;
  if (::fdatasync(fd->get()) != 0) return base::errno_error("sync", path, errno);
  return base::sync_directory(sink_state);
}

}  // namespace pixel::shipper
