// SPDX-License-Identifier: Apache-2.0
// See audit.h. COLD.
#include "shipper/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "shipper/batch/line_count.h"
#include "shipper/decode/table_decoder.h"
#include "shipper/letter_box.h"
#include "shipper/segment_lines.h"

namespace pixel::shipper {
namespace {

// What the lines of a segment should have become.
struct Wanted {
  std::uint64_t lines = 0;
  std::uint64_t filtered = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t with_row() const { return lines - std::min(lines, filtered + dead_lettered); }
};

/// A segment of which only the number of lines is known.
struct CountedSegment {
  logfmt::SegmentId segment;
  std::uint64_t lines = 0;
};

class SinkAuditor {
 public:
  SinkAuditor(const Config& config, const SinkConfig& sink, const SinkHoldings& held,
              JobProgress& progress)
      : config_(config), held_(held), progress_(progress) {
    audit_.name = sink.name;
    for (const Holding& holding : *held.holdings) holdings_[holding.segment] = holding;
    const auto made = sink.make({sink.name, config.sink_state(sink.name), sink.tables});
    if (!made->traits().takes_lines) decoder_.emplace(sink.tables);
    if (const auto box = read_letter_box(config.sink_state(sink.name))) {
      for (const DeadLetter& letter : box->open) {
        // One table of several refused it: the line has rows all the same.
        if (!letter.table.empty() && sink.tables.size() > 1) continue;
        letters_[letter.segment].insert(letter.offset);
      }
    }
  }

  SinkAudit run(const CatalogueSnapshot& catalogue, const RetiredBooks& retired) {
    const Checkpoint& reached = *held_.checkpoint;
    audit_.gone_lines = reached.missing;
    const auto segments = select_segments(catalogue, held_.wanted, reached, {});
    for (const SelectedSegment& selected : segments) {
      if (selected.until != UINT64_MAX) progress_.bytes_total += selected.until;
    }
    for (const SelectedSegment& selected : segments) {
      if (auto status = check_readable(selected); !status) {
        audit_.error = status.error().message;
        return audit_;
      }
    }
    auto counted = gone_segments(catalogue, reached);
    add_foreign_segments(counted);
    check_counted(counted, reached);
    check_unknown(catalogue, retired);
    return audit_;
  }

 private:
  base::Result<Wanted> read(const SelectedSegment& selected) {
    FileStore store(config_.spool);
    Wanted wanted;
    std::set<std::uint64_t> dead;
    for (const std::uint64_t offset : letters_[selected.segment]) {
      if (offset < selected.until) dead.insert(offset);
    }
    auto status = read_lines(store, selected, [&](std::uint64_t offset, std::string_view text) {
      progress_.bytes_done += text.size();
      if (!decoder_) {
        wanted.lines += count_lines(text);
        return base::ok_status();
      }
      std::vector<RowBlock> tables;
      std::vector<DeadLetter> letters;
      const DecodeCounts counts = decoder_->decode(selected.segment, offset, text, tables, letters);
      wanted.lines += counts.lines;
      wanted.filtered += counts.filtered;
      for (const DeadLetter& letter : letters) dead.insert(letter.offset);
      return base::ok_status();
    });
    if (!status) return status.error();
    wanted.dead_lettered = dead.size();
    return wanted;
  }

  Holding take(const logfmt::SegmentId& segment) {
    const auto found = holdings_.find(segment);
    if (found == holdings_.end()) return {segment, 0, 0};
    const Holding holding = found->second;
    holdings_.erase(found);
    audit_.rows += holding.distinct_rows;
    return holding;
  }

  void add(const SegmentFinding& finding) {
    audit_.missing += finding.missing;
    audit_.twice += finding.twice;
    if (finding.missing + finding.twice > 0) audit_.findings.push_back(finding);
  }

  base::Status check_readable(const SelectedSegment& selected) {
    const auto wanted = read(selected);
    if (!wanted) return wanted.error();
    const Holding holding = take(selected.segment);
    ++audit_.segments;
    audit_.lines += wanted->lines;
    progress_.lines = audit_.lines;
    audit_.filtered += wanted->filtered;
    audit_.dead_lettered += wanted->dead_lettered;
    SegmentFinding finding{selected.segment, 0, holding.rows - holding.distinct_rows, true};
    const std::uint64_t with_row = wanted->with_row();
    if (holding.distinct_rows < with_row) finding.missing = with_row - holding.distinct_rows;
    if (holding.distinct_rows > wanted->lines) {
      finding.twice += holding.distinct_rows - wanted->lines;
    } else if (holding.distinct_rows > with_row) {
      audit_.notes.push_back(
          fmt::format("segment {}: {} rows of lines that the present settings would not take, or "
                      "delivered meanwhile",
                      to_text(selected.segment), holding.distinct_rows - with_row));
    }
    add(finding);
    return base::ok_status();
  }

  // Of segments whose data is gone only the manifest tells how many lines there were; of foreign
  // files, the shipper's registry. Their lines are not decoded again: what has no row must be
  // explained by the totals.
  void check_counted(const std::vector<CountedSegment>& counted, const Checkpoint& reached) {
    std::vector<SegmentFinding> findings;
    std::uint64_t shortage = 0;
    for (const CountedSegment& one : counted) {
      const Holding holding = take(one.segment);
      ++audit_.segments;
      audit_.lines += one.lines;
      const std::uint64_t dead = std::min<std::uint64_t>(letters_[one.segment].size(), one.lines);
      audit_.dead_lettered += dead;
      findings.push_back(compare(one.segment, one.lines - dead, holding));
      shortage += findings.back().missing;
    }
    const std::uint64_t without_row = reached.filtered + reached.dead_lettered + reached.missing;
    const std::uint64_t seen = audit_.filtered + audit_.dead_lettered;
    const bool is_explained = shortage + std::min(seen, without_row) <= without_row;
    for (SegmentFinding& finding : findings) {
      if (is_explained) finding.missing = 0;
      add(finding);
    }
  }

  static SegmentFinding compare(const logfmt::SegmentId& segment, std::uint64_t lines,
                                const Holding& holding) {
    SegmentFinding finding{segment, 0, holding.rows - holding.distinct_rows, false};
    if (holding.distinct_rows > lines) finding.twice += holding.distinct_rows - lines;
    if (holding.distinct_rows < lines) finding.missing = lines - holding.distinct_rows;
    return finding;
  }

  std::vector<CountedSegment> gone_segments(const CatalogueSnapshot& catalogue,
                                            const Checkpoint& reached) {
    FileStore store(config_.spool);
    std::vector<CountedSegment> gone;
    for (const auto& segment : select_gone_segments(catalogue, held_.wanted, reached, {})) {
      const auto manifest = store.manifest(catalogue.lanes.at(segment.lane).at(segment.index));
      if (manifest) {
        gone.push_back({segment, manifest->lines});
      } else {
        audit_.notes.push_back(manifest.error().message);
      }
    }
    return gone;
  }

  // Pieces that are forgotten, because every sink has had them, count together.
  void add_foreign_segments(std::vector<CountedSegment>& counted) {
    for (const ForeignLines& piece : held_.foreign) {
      if (piece.passed > 0) counted.push_back({piece.segment, piece.passed});
    }
    for (const auto& [lane, retired] : held_.foreign_retired) {
      if (retired.next_index == 0) continue;
      const logfmt::SegmentId together{lane, retired.next_index - 1};
      gather(together);
      counted.push_back({together, retired.lines});
    }
  }

  // The rows of all segments of a lane up to `last` are then the last one's.
  void gather(const logfmt::SegmentId& last) {
    Holding all{last, 0, 0};
    for (auto at = holdings_.lower_bound({last.lane, 0});
         at != holdings_.end() && at->first.lane == last.lane && at->first.index <= last.index;
         at = holdings_.erase(at)) {
      all.rows += at->second.rows;
      all.distinct_rows += at->second.distinct_rows;
    }
    holdings_[last] = all;
  }

  void check_unknown(const CatalogueSnapshot& catalogue, const RetiredBooks& retired) {
    std::uint64_t rows = 0;
    for (const auto& [segment, holding] : holdings_) {
      add({segment, 0, holding.rows - holding.distinct_rows, false});
      const auto lane = retired.lanes.find(segment.lane);
      const bool is_retired =
          !catalogue.lanes.contains(segment.lane) ||
          (lane != retired.lanes.end() && segment.index < lane->second.next_index);
      audit_.rows += holding.distinct_rows;
      rows += is_retired ? 0 : holding.distinct_rows;
    }
    if (rows > 0) {
      audit_.notes.push_back(fmt::format(
          "{} rows of segments that it has not come to: delivered meanwhile, or by hand", rows));
    }
  }

  const Config& config_;
  const SinkHoldings& held_;
  JobProgress& progress_;
  std::optional<TableDecoder> decoder_;
  std::map<logfmt::SegmentId, Holding> holdings_;
  std::map<logfmt::SegmentId, std::set<std::uint64_t>> letters_;  // Open ones: offsets.
  SinkAudit audit_;
};

}  // namespace

SinkAudit audit_sink(const Config& config, const SinkConfig& sink, const SinkHoldings& held,
                     const CatalogueSnapshot& catalogue, const RetiredBooks& retired,
                     JobProgress& progress) {
  SinkAudit audit;
  audit.name = sink.name;
  if (!held.holdings) {
    audit.error = held.holdings.error().message;
    const auto made = sink.make({sink.name, config.sink_state(sink.name), sink.tables});
    audit.can_be_audited = made->traits().can_be_audited;
  } else if (held.checkpoint == nullptr) {
    audit.error = "it does not say how far it has come";
  } else {
    return SinkAuditor(config, sink, held, progress).run(catalogue, retired);
  }
  return audit;
}

}  // namespace pixel::shipper
