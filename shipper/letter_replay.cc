// SPDX-License-Identifier: Apache-2.0
// See letter_replay.h. Order: the rows are durable in the sink before a letter is marked; killed
// between the two, the next replay finds the rows there and only marks. COLD.
#include "shipper/letter_replay.h"

#include <map>

namespace pixel::shipper {
namespace {

using LinePlace = std::pair<logfmt::SegmentId, std::uint64_t>;

// One line with all letters that speak of it.
struct LostLine {
  std::string text;  // With its newline.
  std::vector<std::string> tables;
};

class LetterReplay {
 public:
  LetterReplay(const std::filesystem::path& sink_state, const BatchContent& content,
               const BatchLimits& limits, Sink& sink, JobProgress& progress)
      : sink_state_(sink_state),
        content_(content),
        limits_(limits),
        restorer_(sink, content, limits, "", progress),
        progress_(progress) {}

  base::Result<JobOutcome> run(const std::vector<DeadLetter>& letters) {
    std::map<LinePlace, LostLine> lines;
    for (const DeadLetter& letter : letters) {
      LostLine& line = lines[{letter.segment, letter.offset}];
      line.text = letter.line + "\n";
      line.tables.push_back(letter.table);
      progress_.bytes_total += line.text.size();
    }
    std::vector<std::map<LinePlace, LostLine>::const_iterator> group;
    for (auto line = lines.cbegin(); line != lines.cend(); ++line) {
      group.push_back(line);
      if (group.size() < limits_.rows && std::next(line) != lines.cend()) continue;
      if (auto status = give(group); !status) return status.error();
      group.clear();
    }
    outcome_.restored = resolved_;
    outcome_.rejected_rows = restorer_.counts().rejected_rows;
    return outcome_;
  }

 private:
  using Group = std::vector<std::map<LinePlace, LostLine>::const_iterator>;

  // All at once; one by one where the sink refuses some, so that one bad line keeps back no other.
  base::Status give(const Group& group) {
    const std::uint64_t rejected = restorer_.counts().rejected_rows;
    std::vector<ResolvedLetter> resolved;
    auto given = restorer_.restore(decode(group, resolved));
    const bool is_whole = given && restorer_.counts().rejected_rows == rejected;
    if (progress_.cancelled) return given;
    if (!is_whole && group.size() > 1) {
      for (const auto& line : group) {
        if (auto status = give({line}); !status) return status;
      }
      return base::ok_status();
    }
    outcome_.lines += group.size();
    for (const auto& line : group) progress_.bytes_done += line->second.text.size();
    if (!is_whole) {
      if (!given && outcome_.reason.empty()) outcome_.reason = given.error().message;
      ++outcome_.dead_lettered;
      return base::ok_status();
    }
    return mark(resolved, group);
  }

  base::Status mark(const std::vector<ResolvedLetter>& resolved, const Group& group) {
    std::map<LinePlace, bool> became_row;
    for (const ResolvedLetter& letter : resolved) {
      became_row[{letter.segment, letter.offset}] = letter.is_row;
    }
    for (const auto& [place, is_row] : became_row) outcome_.rows += is_row ? 1U : 0U;
    outcome_.dead_lettered += group.size() - became_row.size();
    resolved_ += became_row.size();
    return mark_resolved(sink_state_, resolved);
  }

  // The lines as one batch; `resolved` has the letters of those that fit.
  Batch decode(const Group& group, std::vector<ResolvedLetter>& resolved) const {
    BatchLimits all = limits_;
    all.rows = group.size() + 1;
    all.bytes = UINT64_MAX;
    Batcher batcher(content_, all, Checkpoint{});
    for (const auto& line : group) {
      const auto& [segment, offset] = line->first;
      const Checkpoint before = batcher.reached();
      batcher.append(segment, offset, line->second.text, 0);
      const Checkpoint& after = batcher.reached();
      if (after.rows == before.rows && after.filtered == before.filtered) continue;
      const bool is_row = after.rows > before.rows;
      // Refused by one table of several: the others' rows count the line as delivered.
      const bool is_counted = line->second.tables.front().empty() || content_.tables.size() == 1;
      for (const std::string& table : line->second.tables) {
        resolved.push_back({segment, offset, table, is_row, is_counted});
      }
    }
    return batcher.cut(FlushReason::kDrain);
  }

  const std::filesystem::path& sink_state_;
  const BatchContent& content_;
  const BatchLimits limits_;
  Restorer restorer_;
  JobProgress& progress_;
  JobOutcome outcome_;
  std::uint64_t resolved_ = 0;
};

}  // namespace

base::Result<JobOutcome> replay_letters(const std::filesystem::path& sink_state,
                                        const BatchContent& content, const BatchLimits& limits,
                                        Sink& sink, JobProgress& progress) {
  const auto box = read_letter_box(sink_state);
  if (!box) return box.error();
  return LetterReplay(sink_state, content, limits, sink, progress).run(box->open);
}

}  // namespace pixel::shipper
