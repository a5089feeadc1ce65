// SPDX-License-Identifier: Apache-2.0
// See audit.h. COLD.
#include "shipper/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

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

std::uint64_t count_lines(std::string_view text) {
  std::uint64_t lines = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    if (text[at] != '#' && text[at] != '\n') ++lines;
  }
  return lines;
}

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
    for (const SelectedSegment& selected : select_segments(catalogue, held_.wanted, reached, {})) {
      if (auto status = check_readable(selected); !status) {
        audit_.error = status.error().message;
        return audit_;
      }
    }
    check_gone(catalogue, select_gone_segments(catalogue, held_.wanted, reached, {}), reached);
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

  // Their lines cannot be decoded any more: what has no row must be explained by the totals.
  void check_gone(const CatalogueSnapshot& catalogue, const std::vector<logfmt::SegmentId>& gone,
                  const Checkpoint& reached) {
    FileStore store(config_.spool);
    std::vector<SegmentFinding> shortages;
    std::uint64_t shortage = 0;
    for (const logfmt::SegmentId& segment : gone) {
      const auto manifest = store.manifest(catalogue.lanes.at(segment.lane).at(segment.index));
      if (!manifest) {
        audit_.notes.push_back(manifest.error().message);
        continue;
      }
      const Holding holding = take(segment);
      ++audit_.segments;
      audit_.lines += manifest->lines;
      SegmentFinding finding{segment, 0, holding.rows - holding.distinct_rows, false};
      if (holding.distinct_rows > manifest->lines) {
        finding.twice += holding.distinct_rows - manifest->lines;
      } else if (holding.distinct_rows < manifest->lines) {
        finding.missing = manifest->lines - holding.distinct_rows;
        shortage += finding.missing;
      }
      shortages.push_back(finding);
    }
    const std::uint64_t without_row = reached.filtered + reached.dead_lettered + reached.missing;
    const std::uint64_t seen = audit_.filtered + audit_.dead_lettered;
    const bool is_explained = shortage + std::min(seen, without_row) <= without_row;
    for (SegmentFinding& finding : shortages) {
      if (is_explained) finding.missing = 0;
      add(finding);
    }
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
  } else if (held.checkpoint == nullptr) {
    audit.error = "it does not say how far it has come";
  } else {
    return SinkAuditor(config, sink, held, progress).run(catalogue, retired);
  }
  return audit;
}

}  // namespace pixel::shipper
