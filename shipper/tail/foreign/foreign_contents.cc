// SPDX-License-Identifier: Apache-2.0
// See foreign_source.h. What becomes of a content: it begins, grows, is lost, and is found again.
#include <algorithm>

#include "base/diagnostics.h"
#include "shipper/tail/foreign/foreign_source.h"

namespace pixel::shipper {
namespace {

// Files that are held open although every name of them may vanish.
constexpr std::size_t kHeldMax = 512;

}  // namespace

void ForeignSource::set_place(std::uint32_t number) {
  const Incarnation& content = books_.incarnations[number];
  const Live& live = live_[number];
  PiecePlace place;
  if (!live.is_lost) place = {content.file, content.head, live.fd};
  lanes_.set_place(number, place);
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
  take_growth(number, open, {found.mark, found.ends_in_line}, found.head);
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
  const bool is_long = open.gzip || (facts && facts->bytes >= growth->mark.length);
  const bool is_known = open.gzip && growth->mark.length == content.mark.length;
  const auto head = is_known ? std::optional(content.head)
                             : grown_head(*open.content, content.head, growth->mark.length);
  if (!is_long || !head) {
    live.hash.reset();
    return false;
  }
  take_growth(number, open, *growth, *head);
  return true;
}

void ForeignSource::take_growth(std::uint32_t number, const Open& open, const Growth& growth,
                                const ContentHead& head) {
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
  content.head = head;
  content.seen_at = times_.now_ns / 1'000'000'000;
  counters_.bytes_read += growth.mark.length - from.length;
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
