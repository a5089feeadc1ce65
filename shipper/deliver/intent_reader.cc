// SPDX-License-Identifier: Apache-2.0
// See intent_reader.h. COLD.
#include "shipper/deliver/intent_reader.h"

#include <fmt/format.h>

#include <string>

#include "logfmt/format.h"
#include "shipper/batch/line_count.h"

namespace pixel::shipper {
namespace {

base::Error cannot(const Range& range, std::string_view why) {
  return base::Error{fmt::format("segment {}, bytes {} to {}: {}", to_text(range.segment),
                                 range.from, range.to, why)};
}

// Version 0.1.0 could name the header of a segment without lines, which is removed when its edge
// was killed: what lay there is known.
bool is_header_alone(const Range& range) {
  return range.lines == 0 && range.from == 0 && range.to == logfmt::kAccessHeader.size() &&
         range.segment.lane.kind == logfmt::SegmentKind::kAccess;
}

base::Result<std::string> read_range(const Range& range, SegmentStore& store,
                                     const CatalogueSnapshot& catalogue) {
  const auto lane = catalogue.lanes.find(range.segment.lane);
  const bool has_lane = lane != catalogue.lanes.end();
  const auto entry =
      has_lane ? lane->second.find(range.segment.index) : LaneSegments::const_iterator();
  const bool is_there =
      has_lane && entry != lane->second.end() && entry->second.place != SegmentEntry::Place::kGone;
  if (!is_there && is_header_alone(range)) return std::string(logfmt::kAccessHeader);
  if (!is_there) return cannot(range, "the log does not have this segment any more");
  auto reader = store.open(range.segment, entry->second);
  if (!reader) return reader.error();
  if (*reader == nullptr) return cannot(range, "it is being renamed");
  std::string text(range.to - range.from, '\0');
  for (std::size_t got = 0; got < text.size();) {
    const auto more = (*reader)->read_at(range.from + got, {text.data() + got, text.size() - got});
    if (!more) return more.error();
    if (*more == 0) return cannot(range, "it ends before them");
    got += *more;
  }
  return text;
}

}  // namespace

base::Result<Parcel> read_intent(const Intent& intent, SegmentStore& store,
                                 const CatalogueSnapshot& catalogue, BatchBuilder& builder) {
  Parcel parcel;
  for (const Range& range : intent.ranges) {
    const auto text = read_range(range, store, catalogue);
    if (!text) return text.error();
    if (!text->ends_with('\n')) return cannot(range, "they are not whole lines any more");
    parcel.raw.push_back(
        {range.segment, range.from, parcel.batch.text.copy(*text), count_lines(*text)});
  }
  parcel.refused = intent.refused;
  parcel.delta = intent.delta;
  if (BatchBuilder::hash(parcel) != intent.xxh3_128) {
    return base::Error{"the log has other bytes there now"};
  }
  parcel.batch.reason = FlushReason::kDrain;
  builder.build(parcel);
  if (parcel.batch.ranges != intent.ranges || parcel.delta != intent.delta) {
    return base::Error{fmt::format(
        "its {} lines are {} rows now, and were {}: this program or its tables decode otherwise",
        intent.delta.lines, parcel.delta.rows, intent.delta.rows)};
  }
  return parcel;
}

}  // namespace pixel::shipper
