// SPDX-License-Identifier: Apache-2.0
// See job.h. COLD.
#include "shipper/job.h"

#include <fmt/format.h>

#include <algorithm>

#include "shipper/letter_replay.h"
#include "shipper/offline.h"
#include "shipper/tail/catalogue.h"

namespace pixel::shipper {
namespace {

// Lines that have a row; nothing where the sink cannot say.
std::optional<std::uint64_t> held_lines(Sink& sink) {
  const auto holdings = sink.holdings();
  if (!holdings) return std::nullopt;
  std::uint64_t lines = 0;
  for (const Holding& holding : *holdings) lines += holding.distinct_rows;
  return lines;
}

base::Status check_table(const std::string& table, const std::vector<TableSpec>& tables) {
  const auto is_it = [&](const TableSpec& spec) { return spec.name == table; };
  if (table.empty() || std::any_of(tables.begin(), tables.end(), is_it)) return base::ok_status();
  std::vector<std::string> names;
  for (const TableSpec& spec : tables) names.push_back(spec.name);
  return base::Error{
      fmt::format("no table is called {}; the sink has {}", table, fmt::join(names, ", "))};
}

// Every segment that was named is read again, or the job says why not.
base::Status check_named(const Selection& selection, const std::vector<SelectedSegment>& found,
                         const std::vector<logfmt::SegmentId>& gone) {
  for (const logfmt::SegmentId& segment : selection.segments) {
    const bool is_found =
        std::any_of(found.begin(), found.end(),
                    [&](const SelectedSegment& one) { return one.segment == segment; }) ||
        std::find(gone.begin(), gone.end(), segment) != gone.end();
    if (is_found) continue;
    if (segment.lane.kind == logfmt::SegmentKind::kForeign) {
      return base::Error{to_text(segment) +
                         " is of a file that others wrote: those are not read again"};
    }
    return base::Error{
        fmt::format("segment {} is not there, or holds nothing that the sink takes, or the sink "
                    "has not come to it yet",
                    to_text(segment))};
  }
  return base::ok_status();
}

base::Result<JobOutcome> replay(const Config& config, const SinkConfig& sink_config, Sink& sink,
                                const Checkpoint& reached, const JobRequest& request,
                                JobProgress& progress) {
  Catalogue catalogue(config.spool);
  if (auto status = catalogue.scan(); !status) return status.error();
  if (auto status = check_table(request.table, sink_config.tables); !status) return status.error();
  const auto snapshot = catalogue.snapshot();
  const BatchContent content{sink_config.tables, sink.traits().takes_lines};
  const auto segments = select_segments(*snapshot, content.kinds(), reached, request.selection);
  const auto gone = select_gone_segments(*snapshot, content.kinds(), reached, request.selection);
  if (auto status = check_named(request.selection, segments, gone); !status) return status.error();
  const auto held_before = held_lines(sink);
  FileStore store(config.spool);
  Restorer restorer(sink, content, sink_config.limits, request.table, progress);
  if (auto status = restorer.run(store, segments); !status) return status.error();
  const Restorer::Counts& counts = restorer.counts();
  JobOutcome outcome{counts.lines, counts.rows, counts.dead_lettered, counts.rejected_rows, {},
                     std::nullopt, gone};
  const auto held_after = held_lines(sink);
  if (held_before && held_after) {
    outcome.restored = *held_after - std::min(*held_after, *held_before);
  }
  return outcome;
}

}  // namespace

base::Result<JobOutcome> run_job(const Config& config, const SinkConfig& sink_config,
                                 const JobRequest& request, JobProgress& progress) {
  const auto sink =
      sink_config.make({sink_config.name, config.sink_state(sink_config.name), sink_config.tables});
  const auto reached = open_offline(config, sink_config, *sink);
  if (!reached) return reached.error();
  const BatchContent content{sink_config.tables, sink->traits().takes_lines};
  auto outcome = request.kind == JobKind::kReplay
                     ? replay(config, sink_config, *sink, *reached, request, progress)
                     : replay_letters(config.sink_state(sink_config.name), content,
                                      sink_config.limits, *sink, progress);
  sink->close();
  return outcome;
}

}  // namespace pixel::shipper
