// SPDX-License-Identifier: Apache-2.0
// Reading a journal: see journal.h. What a crash leaves is taken as it is; what a crash cannot
// leave is damage: made good where the generation before says the same, refused elsewhere. COLD.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "shipper/deliver/journal.h"
#include "shipper/deliver/journal_files.h"

namespace pixel::shipper {
namespace {

namespace fs = std::filesystem;

// A disk writes whole sectors: what it had not written yet reads as NUL from a sector's begin (or
// the record's) to a sector's end (or the file's).
constexpr std::uint64_t kSectorBytes = 512;

struct Line {
  std::uint64_t from = 0;  // In the file.
  std::uint64_t to = 0;    // Behind its newline.
  base::Result<JournalRecord> record;
};

// True where `line` (at `from` of the file, its end at `to`) looks like an append that a power loss
// interrupted. Records hold no NUL.
bool is_torn(std::string_view line, std::uint64_t from, std::uint64_t file_bytes) {
  std::size_t at = line.find('\0');
  if (at == std::string_view::npos) return false;
  while (at != std::string_view::npos) {
    std::size_t end = line.find_first_not_of('\0', at);
    if (end == std::string_view::npos) end = line.size();
    const bool begins = at == 0 || (from + at) % kSectorBytes == 0;
    const bool ends = from + end == file_bytes || (from + end) % kSectorBytes == 0;
    if (!begins || !ends) return false;
    at = line.find('\0', end);
  }
  return true;
}

// The last piece of a file, when it does not end with a newline: cut off, or only its newline is
// wrong.
base::Result<JournalRecord> parse_end(std::string_view piece) {
  auto whole = parse_journal_line(piece);
  if (whole) return whole;
  return parse_journal_line(piece.substr(0, piece.size() - 1));
}

struct Lines {
  std::vector<Line> lines;
  bool is_torn = false;  // Something was cut off the end.
};

Lines split_lines(std::string_view text) {
  Lines result;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t newline = text.find('\n', from);
    const bool is_whole = newline != std::string_view::npos;
    const std::string_view piece = text.substr(from, is_whole ? newline - from : newline);
    const std::size_t to = is_whole ? newline + 1 : text.size();
    auto record = is_whole ? parse_journal_line(piece) : parse_end(piece);
    const bool is_last = to == text.size();
    if (!record && is_last && (!is_whole || is_torn(piece, from, text.size()))) {
      result.is_torn = true;
      break;
    }
    result.lines.push_back({from, to, std::move(record)});
    from = to;
  }
  return result;
}

// One generation as far as it can be followed.
struct Followed {
  JournalState state;
  std::uint64_t sequence = 0;
  std::size_t good = 0;         // Lines.
  bool has_whole_head = false;  // With all that it says is carried.
  bool is_cut_in_head = false;  // The file ends before that.
  std::string damage;           // Why it could not be followed to the end.
};

// Follows from line `first` on, whose predecessors `followed` has already.
void follow(const Lines& file, std::size_t first, Followed& followed) {
  for (std::size_t i = first; i < file.lines.size(); ++i) {
    const Line& line = file.lines[i];
    const auto where = [&] {
      return fmt::format("line {} (bytes {} to {})", i + 1, line.from, line.to);
    };
    if (!line.record) {
      followed.damage = where() + ": " + line.record.error().message;
      return;
    }
    const bool is_head = line.record->kind == JournalRecord::Kind::kHead;
    const bool follows =
        i == 0 ? is_head : !is_head && line.record->sequence == followed.sequence + 1;
    const auto applied = follows ? apply(*line.record, followed.state)
                                 : base::Status(base::Error{"a record before it is absent"});
    if (!applied) {
      followed.damage = where() + ": " + applied.error().message;
      return;
    }
    followed.sequence = line.record->sequence;
    followed.good = i + 1;
  }
}

Followed follow_all(const Lines& file) {
  Followed followed;
  if (file.lines.empty()) {
    followed.is_cut_in_head = true;
    followed.damage = "its begin is cut off";
    return followed;
  }
  follow(file, 0, followed);
  const auto& head = file.lines[0].record;
  if (!head || followed.good == 0) return followed;
  followed.has_whole_head = followed.good > head->count;
  for (std::size_t i = 0; i < followed.good && i <= head->count; ++i) {
    const bool is_carried = file.lines[i].record->kind == JournalRecord::Kind::kCarried;
    if (i > 0 && !is_carried) followed.has_whole_head = false;
  }
  followed.is_cut_in_head = !followed.has_whole_head && followed.damage.empty();
  if (followed.is_cut_in_head) followed.damage = "its begin is cut off";
  return followed;
}

// What was written when a generation began is what the one before it ended with. So a damaged begin
// can be replaced; whether that is what stood there is told by the numbers around it.
bool try_replace_head(const Lines& file, const Followed& previous, Followed& followed) {
  std::size_t first = 1;
  const auto is_begin = [&](std::size_t i) {
    return !file.lines[i].record || file.lines[i].record->kind == JournalRecord::Kind::kCarried;
  };
  // The head, and as many carried ones as there must have been.
  while (first < file.lines.size() && first <= previous.state.intents.size() && is_begin(first)) {
    ++first;
  }
  const std::uint64_t expected = previous.sequence + 1 + previous.state.intents.size();
  if (first != previous.state.intents.size() + 1) return false;
  for (std::size_t i = 0; i < first; ++i) {
    const auto& record = file.lines[i].record;
    if (record && record->sequence != previous.sequence + 1 + i) return false;
  }
  Followed replaced;
  replaced.state = previous.state;
  replaced.sequence = expected;
  replaced.good = first;
  follow(file, first, replaced);
  replaced.has_whole_head = true;
  if (!replaced.damage.empty()) return false;
  followed = replaced;
  return true;
}

base::Error damaged(const fs::path& path, const std::string& damage) {
  return base::Error{fmt::format(
      "{} is damaged: {}. What was sent after it is not known. Restore the file, or run "
      "pixel-shipper journal discard --sink {}: it goes on from the last sure checkpoint, nothing "
      "is "
      "lost, but what was delivered since may arrive twice",
      path.string(), damage, path.parent_path().filename().string())};
}

base::Result<Lines> read_lines(FileSystem& files, const fs::path& path) {
  const auto text = files.read(path);
  if (!text) return text.error();
  return split_lines(text->has_value() ? std::string_view(**text) : std::string_view());
}

// The generation before `generation`, where it is there and says all that it once said.
base::Result<Followed> follow_previous(FileSystem& files, const fs::path& directory,
                                       std::uint64_t generation) {
  if (generation == 1) return Followed{};  // Began with nothing.
  const auto lines = read_lines(files, directory / journal_file_name(generation - 1));
  if (!lines) return lines.error();
  Followed previous = follow_all(*lines);
  if (!previous.damage.empty()) return base::Error{"the generation before it is damaged too"};
  return previous;
}

}  // namespace

std::string journal_file_name(std::uint64_t generation) {
  return fmt::format("journal.{:08}", generation);
}

base::Result<std::vector<std::uint64_t>> journal_generations(FileSystem& files,
                                                             const fs::path& directory) {
  const auto names = files.list(directory);
  if (!names) return names.error();
  std::vector<std::uint64_t> generations;
  for (const std::string& name : *names) {
    constexpr std::string_view kPrefix = "journal.";
    if (!name.starts_with(kPrefix)) continue;
    std::uint64_t generation = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + kPrefix.size(), end, generation);
    if (error == std::errc() && stop == end && generation > 0) generations.push_back(generation);
  }
  std::sort(generations.begin(), generations.end());
  return generations;
}

base::Result<JournalReading> read_journal(FileSystem& files, const fs::path& directory) {
  const auto generations = journal_generations(files, directory);
  if (!generations) return generations.error();
  if (generations->empty()) return JournalReading{};
  const std::uint64_t generation = generations->back();
  const fs::path path = directory / journal_file_name(generation);
  const auto lines = read_lines(files, path);
  if (!lines) return lines.error();
  Followed followed = follow_all(*lines);
  JournalReading reading;
  if (lines->is_torn) reading.note = path.string() + ": a record that was never whole is cut off";
  if (!followed.damage.empty()) {
    const std::string damage = followed.damage;
    if (followed.has_whole_head) return damaged(path, damage);
    const auto previous = follow_previous(files, directory, generation);
    if (!previous) return damaged(path, damage + "; " + previous.error().message);
    if (followed.is_cut_in_head) {
      if (generation == 1) return damaged(path, damage);
      followed = *previous;
      reading.note = path.string() + ": " + damage + "; the generation before it is used";
    } else if (try_replace_head(*lines, *previous, followed)) {
      reading.note = path.string() + ": " + damage + "; replaced from the generation before it";
    } else {
      return damaged(path, damage);
    }
  }
  reading.state = std::move(followed.state);
  reading.generation = generation;
  reading.sequence = followed.sequence;
  return reading;
}

base::Result<JournalReading> read_sure_part(FileSystem& files, const fs::path& directory) {
  const auto generations = journal_generations(files, directory);
  if (!generations) return generations.error();
  if (generations->empty()) return base::Error{directory.string() + " holds no journal"};
  const std::uint64_t generation = generations->back();
  const auto lines = read_lines(files, directory / journal_file_name(generation));
  if (!lines) return lines.error();
  Followed followed = follow_all(*lines);
  if (!followed.has_whole_head) {
    const auto previous = follow_previous(files, directory, generation);
    if (!previous || (generation == 1 && !followed.damage.empty() && followed.is_cut_in_head)) {
      return base::Error{
          fmt::format("{}: no generation of the journal has a whole begin. Restore one; without "
                      "any, remove the "
                      "journal files to deliver all that is in the log again",
                      directory.string())};
    }
    followed = *previous;
  }
  return JournalReading{std::move(followed.state), generation, followed.sequence, followed.damage};
}

}  // namespace pixel::shipper
