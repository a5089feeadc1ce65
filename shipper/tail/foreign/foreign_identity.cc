// SPDX-License-Identifier: Apache-2.0
// See foreign_source.h. Which content a file holds.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/diagnostics.h"
#include "shipper/tail/foreign/foreign_source.h"

namespace pixel::shipper {
namespace {

// Files that are held open although every name of them may vanish.
constexpr std::size_t kHeldMax = 512;

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

void ForeignSource::set_place(std::uint32_t number) {
  const Incarnation& content = books_.incarnations[number];
  const Live& live = live_[number];
  PiecePlace place;
  if (!live.is_lost) place = {content.file, content.head, live.fd};
  lanes_.set_place(number, place);
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
  const auto after = facts_of(open.fd->get());
  if (open.gzip && (!after || after->bytes != open.facts.bytes ||
                    after->modified_ns != open.facts.modified_ns)) {
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

void ForeignSource::begin_content(Seen& seen, Open& open, Survey& found) {
  const std::uint32_t number = books_.next_incarnation++;
  Incarnation& content = books_.incarnations[number];
  content.key = *found.key;
  content.mark.length = 0;
  by_key_.emplace(content.key, number);
  ++counters_.contents;
  auto before = content_at_.find(seen.path);
  if (options_.kind == SourceKind::kCloudfront && before != content_at_.end()) {
    ++counters_.replaced;
    spdlog::warn("source {}: {} is another file than before", options_.name, seen.path);
  }
  content_at_[seen.path] = number;
  Live& live = live_[number];
  live.hash = std::move(found.hash);
  seen.state = State::kCarrier;
  seen.incarnation = number;
  live.is_lost = false;
  take_growth(number, open, {found.mark, found.ends_in_line});
}

// The file holds the content from now on, and perhaps more of it than was known.
void ForeignSource::attach(Seen& seen, Open& open, std::uint32_t number) {
  Incarnation& content = books_.incarnations[number];
  Live& live = live_[number];
  live.is_lost = live.is_gone = live.was_truncated = false;
  live.hash.reset();
  lost_.erase(number);
  lanes_.set_gone(number, false);
  seen.state = State::kCarrier;
  seen.incarnation = number;
  content.file = {open.facts, open.gzip, seen.path};
  changed_.insert(number);
  hold(live, nullptr);
  set_place(number);
  extend(seen, open, number);
}

// Reads what came since the mark. False where the file no longer holds the content: then nothing of
// what was read is used.
bool ForeignSource::extend(Seen& seen, Open& open, std::uint32_t number) {
  Incarnation& content = books_.incarnations[number];
  Live& live = live_[number];
  const auto growth = read_growth(*open.content, content.mark, live.hash, takes_end(seen, open));
  if (!growth) {
    live.hash.reset();
    seen.reason = growth.error().message;
    return !seen.reason.empty();
  }
  // Asked after the reading: whoever truncated it meanwhile shows now.
  const auto facts = facts_of(open.fd->get());
  const bool is_same = open.gzip || (facts && facts->bytes >= growth->mark.length &&
                                     has_head(*open.content, content.head));
  if (!is_same) {
    live.hash.reset();
    return false;
  }
  take_growth(number, open, *growth);
  return true;
}

void ForeignSource::take_growth(std::uint32_t number, const Open& open, const Growth& growth) {
  Incarnation& content = books_.incarnations[number];
  Live& live = live_[number];
  const ContentMark from = content.mark;
  const bool has_grown = growth.mark.length > from.length;
  const bool is_tail = options_.kind == SourceKind::kTail && !open.gzip;
  content.file.facts = open.facts;
  content.file.gzip = open.gzip;
  const auto seen = seen_.find(open.facts.key);
  if (seen != seen_.end()) content.file.path = seen->second.path;
  content.mark = growth.mark;
  content.seen_at = times_.now_ns / 1'000'000'000;
  counters_.bytes_read += growth.mark.length - from.length;
  // The head is complete as soon as the content is longer than it.
  if (content.head.bytes == from.length && has_grown) {
    if (const auto head = read_head(*open.content, growth.mark.length)) content.head = *head;
  }
  if (is_tail && live.looked_ns != 0 && times_.monotonic_ns > live.looked_ns) {
    live.bytes_per_ns = static_cast<double>(growth.mark.length - from.length) /
                        static_cast<double>(times_.monotonic_ns - live.looked_ns);
  }
  live.looked_ns = times_.monotonic_ns;
  live.rest_bytes =
      open.gzip ? 0 : open.facts.bytes - std::min(open.facts.bytes, growth.mark.length);
  changed_.insert(number);
  if (has_grown) {
    live.grown_ns = times_.monotonic_ns;
    if (live.marks.empty() || growth.mark.length >= 2 * live.marks.back().length) {
      live.marks.push_back(growth.mark);
    }
    const auto age = times_.now_ns - open.facts.modified_ns;
    const bool is_growing =
        is_tail && !content.rotated && age < static_cast<std::int64_t>(options_.settle_ns);
    const bool is_skipped = skips_what_is_there_ && from.length == 0;
    if (!is_skipped) {
      lanes_.add(number, from, is_growing, growth.ends_in_line, times_.monotonic_ns);
    }
  }
  if (is_tail && lanes_.is_open(number) && live.fd == nullptr && held_ < kHeldMax) {
    hold(live, open.fd);
  }
  if (!is_tail) live.hash.reset();  // Whole files: what comes later is verified from the block on.
  set_place(number);
}

void ForeignSource::hold(Live& live, SharedFd fd) {
  if (live.fd != nullptr) --held_;
  live.fd = std::move(fd);
  if (live.fd != nullptr) ++held_;
}

// No file holds the content any more, as far as is known. Its pieces wait for one that does.
void ForeignSource::lose(std::uint32_t number) {
  Live& live = live_[number];
  if (live.is_lost) return;
  live.is_lost = true;
  live.lost_ns = times_.monotonic_ns;
  hold(live, nullptr);
  live.hash.reset();
  lost_.insert(number);
  set_place(number);
}

void ForeignSource::truncated(Seen& seen, std::uint32_t number) {
  ++counters_.truncations;
  books_.incarnations[number].rotated = true;
  changed_.insert(number);
  lose(number);
  live_[number].was_truncated = true;
  lanes_.seal(number);
  seen.state = State::kNew;
  seen.steady_since_ns = times_.monotonic_ns;
  adopt_copy(number);
}

// A file that was known as a copy, or waited for whether it is one, takes the content over.
void ForeignSource::adopt_copy(std::uint32_t number) {
  if (!live_[number].is_lost) return;
  std::vector<FileKey> copies;
  for (auto& [key, seen] : seen_) {
    const bool may_hold =
        (seen.state == State::kCopy || seen.state == State::kWaiting) && seen.incarnation == number;
    if (may_hold) copies.push_back(key);
  }
  for (const FileKey& key : copies) {
    if (live_[number].is_lost) judge(key);
  }
}

}  // namespace pixel::shipper
