// SPDX-License-Identifier: Apache-2.0
// See foreign_sources.h: what operators and Prometheus see of it.
#include <nlohmann/json.hpp>

#include "base/metrics_text.h"
#include "shipper/tail/foreign/foreign_sources.h"

namespace pixel::shipper {
namespace {

using base::MetricsText;
using nlohmann::json;

json files_json(const ForeignSource& source) {
  json files = json::array();
  for (const auto& file : source.report()) {
    json entry = {{"path", file.path}, {"state", file.state}, {"bytes", file.length}};
    if (!file.reason.empty()) entry["reason"] = file.reason;
    if (file.has_incarnation) entry["content"] = file.incarnation;
    if (file.state != "copy" && file.has_incarnation) entry["lines"] = file.lines;
    files.push_back(std::move(entry));
  }
  return files;
}

json pieces_json(const ForeignSource& source, const SourceBooks& books) {
  json pieces = json::array();
  for (const auto& [id, piece] : books.pieces) {
    const auto content = books.incarnations.find(piece.incarnation);
    json entry = {{"segment", to_text(logfmt::SegmentId{source.lanes().lane(id.worker), id.index})},
                  {"content", piece.incarnation},
                  {"from", piece.from},
                  {"sealed", piece.is_sealed}};
    if (piece.is_sealed) entry["to"] = piece.to;
    if (piece.is_sealed) entry["lines"] = piece.lines;
    if (content != books.incarnations.end()) entry["path"] = content->second.file.path;
    pieces.push_back(std::move(entry));
  }
  return pieces;
}

struct Family {
  const char* name;
  MetricsText::Kind kind;
  const char* help;
  std::uint64_t SourceCounters::*value;
};
constexpr auto kCounter = MetricsText::Kind::kCounter;
constexpr auto kGauge = MetricsText::Kind::kGauge;
constexpr Family kFamilies[] = {
    {"files", kGauge, "Files that are there.", &SourceCounters::files},
    {"waiting_files", kGauge, "Files that are not complete yet, or not to be told from another.",
     &SourceCounters::waiting},
    {"damaged_files", kGauge, "Compressed files that are cut off or damaged; they wait.",
     &SourceCounters::damaged},
    {"unreadable_files", kGauge, "Files that cannot be read.", &SourceCounters::unreadable},
    {"contents_total", kCounter, "Contents found new.", &SourceCounters::contents},
    {"duplicates_total", kCounter, "Files whose content was there already: not taken again.",
     &SourceCounters::duplicates},
    {"replaced_total", kCounter, "Names or inodes of whole files that held other content later.",
     &SourceCounters::replaced},
    {"renames_total", kCounter, "Files that were renamed.", &SourceCounters::renames},
    {"truncations_total", kCounter, "Files that were truncated in place.",
     &SourceCounters::truncations},
    {"at_risk_total", kCounter, "Truncations of which no copy was found.",
     &SourceCounters::at_risk},
    {"at_risk_bytes_total", kCounter, "Estimate of what such truncations took unread.",
     &SourceCounters::at_risk_bytes},
    {"inode_reuses_total", kCounter, "Inodes that became another file.",
     &SourceCounters::inode_reuses},
    {"gone_total", kCounter, "Contents whose files vanished.", &SourceCounters::gone},
    {"deleted_total", kCounter, "Files deleted as configured.", &SourceCounters::deleted},
    {"read_bytes_total", kCounter, "Bytes read to identify and publish.",
     &SourceCounters::bytes_read},
};

}  // namespace

std::string ForeignSources::to_json() const {
  const std::lock_guard lock(mutex_);
  json object = {{"sources", json::array()}, {"trouble", trouble_}};
  for (const auto& source : sources_) {
    const ForeignSource& files = *source->files;
    json entry = {{"name", files.options().name},
                  {"path", files.options().directory.string()},
                  {"files", files_json(files)},
                  {"pieces", pieces_json(files, books_.at(files.options().name))}};
    const SourceCounters counters = files.counters();
    for (const Family& family : kFamilies) entry["counters"][family.name] = counters.*family.value;
    object["sources"].push_back(std::move(entry));
  }
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string ForeignSources::metrics() const {
  const std::lock_guard lock(mutex_);
  if (sources_.empty()) return "";
  MetricsText metrics;
  for (const Family& family : kFamilies) {
    metrics.family(std::string("pixel_shipper_source_") + family.name, family.kind, family.help);
    for (const auto& source : sources_) {
      metrics.sample(MetricsText::quote_label("source", source->files->options().name),
                     source->files->counters().*family.value);
    }
  }
  return metrics.text();
}

}  // namespace pixel::shipper
