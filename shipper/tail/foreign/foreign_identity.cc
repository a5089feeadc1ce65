// SPDX-License-Identifier: Apache-2.0
// See foreign_source.h. Which content a file holds.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/diagnostics.h"
#include "shipper/tail/foreign/foreign_source.h"

namespace pixel::shipper {
namespace {

// The part of a file name that rotation keeps: "access" of access.log.3.gz.
std::string stem_of(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return name.substr(0, name.find_first_of(".-_"));
}

}  // namespace

bool ForeignSource::is_settled(const Seen& seen) const {
  return times_.monotonic_ns - seen.steady_since_ns >= options_.settle_ns;
}

// Whether a last line without newline is complete.
bool ForeignSource::takes_end(const Seen& seen, const Open& open) const {
  if (open.gzip) return true;
  if (options_.kind == SourceKind::kCloudfront) return is_settled(seen);
  const bool is_rotated =
      seen.state == State::kCarrier && books_.incarnations.at(seen.incarnation).rotated;
  return is_rotated && is_settled(seen);
}

void ForeignSource::identify(Seen& seen, Open& open) {
  seen.gzip = open.gzip;
  seen.state = State::kWaiting;
  if (!open.gzip && options_.kind == SourceKind::kCloudfront && !is_settled(seen)) {
    seen.reason = "changed within the settle time";
    return;
  }
  SurveyRequest request;
  request.to_end = takes_end(seen, open);
  request.lengths = [this](std::uint64_t key) {
    std::vector<std::uint64_t> lengths;
    const auto range = by_key_.equal_range(key);
    for (auto at = range.first; at != range.second; ++at) {
      lengths.push_back(books_.incarnations[at->second].mark.length);
      for (const ContentMark& mark : live_[at->second].marks) lengths.push_back(mark.length);
    }
    return lengths;
  };
  auto found = survey(*open.content, request);
  if (!found || !found->is_whole) {
    seen.state = open.gzip ? State::kDamaged : State::kUnreadable;
    seen.reason = found ? found->damage : found.error().message;
    return;
  }
  counters_.bytes_read += found->mark.length;
  if (!still_holds(open, *found)) {
    seen.reason = "changed while it was read";
    seen.judged_ns = 0;
    again_.insert(seen.path);
    return;
  }
  if (!found->key) {
    seen.state = State::kEmpty;
    return;
  }
  place_among(seen, open, *found);
}

// Asked after the reading: what was written or truncated meanwhile shows now. A reading that met
// two contents is none of either.
bool ForeignSource::still_holds(const Open& open, const Survey& found) {
  const auto facts = facts_of(open.fd->get());
  if (!facts) return false;
  if (open.gzip) {
    return facts->bytes == open.facts.bytes && facts->modified_ns == open.facts.modified_ns;
  }
  return facts->bytes >= found.mark.length && has_head(*open.content, found.head);
}

// The longest content that this one holds, or may be a part of.
void ForeignSource::place_among(Seen& seen, Open& open, Survey& found) {
  std::optional<std::uint32_t> best;
  Relation best_relation = Relation::kNone;
  std::uint64_t best_length = 0;
  const auto range = by_key_.equal_range(*found.key);
  for (auto at = range.first; at != range.second; ++at) {
    const Incarnation& content = books_.incarnations[at->second];
    const Relation relation = relate(at->second, found);
    if (relation == Relation::kNone) continue;
    // A file that it was taken for before goes first, then whole contents, then the longest.
    const bool is_own = content.file.facts.is_same_file(open.facts);
    const bool is_better =
        best_relation == Relation::kNone || is_own ||
        (relation == Relation::kContains &&
         (best_relation != Relation::kContains || content.mark.length > best_length));
    if (!is_better) continue;
    best = at->second;
    best_relation = relation;
    best_length = content.mark.length;
    if (is_own && relation == Relation::kContains) break;
  }
  if (best) {
    judge_copy(seen, open, found, *best, best_relation);
  } else {
    begin_content(seen, open, found);
  }
}

ForeignSource::Relation ForeignSource::relate(std::uint32_t number, const Survey& found) {
  const ContentMark& mark = books_.incarnations[number].mark;
  if (mark.length <= found.mark.length) {
    const auto digest = found.digests.find(mark.length);
    const bool is_it = digest != found.digests.end() && digest->second == mark.digest;
    return is_it ? Relation::kContains : Relation::kNone;
  }
  const Live& live = live_[number];
  if (!live.is_lost) {
    return is_prefix_of(number, found.mark) ? Relation::kIsPrefix : Relation::kNone;
  }
  // Its file was truncated: what can still be known is what it held at earlier lengths.
  if (!live.was_truncated) return Relation::kNone;
  for (auto earlier = live.marks.rbegin(); earlier != live.marks.rend(); ++earlier) {
    const auto digest = found.digests.find(earlier->length);
    if (digest == found.digests.end()) continue;
    return digest->second == earlier->digest ? Relation::kIsPrefix : Relation::kNone;
  }
  return Relation::kNone;
}

bool ForeignSource::is_prefix_of(std::uint32_t number, const ContentMark& mark) {
  const Incarnation& content = books_.incarnations[number];
  SharedFd fd = live_[number].fd;
  if (fd == nullptr) {
    base::UniqueFd opened(::open(content.file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const auto facts = opened ? facts_of(opened.get()) : std::nullopt;
    if (!facts || !facts->is_same_file(content.file.facts)) return false;
    fd = std::make_shared<const base::UniqueFd>(std::move(opened));
  }
  const auto reader = open_content(fd, content.file.gzip, content.file.path);
  SurveyRequest request;
  request.to_end = true;
  request.bytes_max = mark.length;
  const auto found = survey(*reader, request);
  return found && found->is_whole && found->mark.length == mark.length &&
         found->mark.digest == mark.digest;
}

void ForeignSource::judge_copy(Seen& seen, Open& open, Survey& found, std::uint32_t number,
                               Relation relation) {
  Incarnation& content = books_.incarnations[number];
  Live& live = live_[number];
  const bool is_own = content.file.facts.is_same_file(open.facts);
  if (relation == Relation::kContains && (live.is_lost || is_own)) {
    attach(seen, open, number);
    return;
  }
  seen.incarnation = number;
  const auto carrier = seen_.find(content.file.facts.key);
  std::uint64_t carrier_bytes = content.mark.length + live.rest_bytes;
  if (!content.file.gzip && carrier != seen_.end()) {
    carrier_bytes = std::max(carrier_bytes, carrier->second.facts.bytes);
  }
  if (const auto held = live.fd == nullptr ? std::nullopt : facts_of(live.fd->get())) {
    carrier_bytes = std::max(carrier_bytes, held->bytes);
  }
  const bool has_more = relation == Relation::kContains && found.mark.length > carrier_bytes;
  const bool are_steady =
      is_settled(seen) && times_.monotonic_ns - live.grown_ns >= options_.settle_ns;
  if (has_more) {
    // A copy cannot hold more than what it was copied from: a file of its own, once that is sure.
    seen.reason = "begins like " + content.file.path;
    if (are_steady) begin_content(seen, open, found);
    return;
  }
  if (!open.gzip && !is_settled(seen)) {
    seen.reason = "as yet a copy of " + content.file.path;
    return;
  }
  const bool is_family = stem_of(seen.path) == stem_of(content.file.path);
  if (relation == Relation::kIsPrefix && live.is_lost && !is_family) {
    begin_content(seen, open, found);
    return;
  }
  seen.state = State::kCopy;
  content.rotated = true;
  changed_.insert(number);
  ++counters_.duplicates;
  const KnownFile file{open.facts, open.gzip, seen.path};
  books_.copies[open.facts.key] = {number, file};
  other_records_.push_back(copy_record(books_.node, number, file));
}

}  // namespace pixel::shipper
