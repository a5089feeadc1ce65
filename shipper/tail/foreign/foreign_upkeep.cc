// SPDX-License-Identifier: Apache-2.0
// See foreign_source.h. What time and the sinks' progress decide: when a piece is complete, a
// content lost, a file no longer needed.
#include <unistd.h>

#include <iterator>

#include "base/diagnostics.h"
#include "base/units.h"
#include "shipper/tail/foreign/foreign_source.h"

namespace pixel::shipper {

// A file that was seen holds it.
bool ForeignSource::has_name(std::uint32_t number) const {
  const auto seen = seen_.find(books_.incarnations.at(number).file.facts.key);
  return seen != seen_.end() && seen->second.state == State::kCarrier &&
         seen->second.incarnation == number;
}

// Open pieces whose files have no name any more, and what time alone decides.
void ForeignSource::upkeep() {
  for (const std::uint32_t number : lanes_.open_incarnations()) {
    Live& live = live_[number];
    const Incarnation& content = books_.incarnations[number];
    const bool is_named = has_name(number);
    if (!is_named && live.fd != nullptr) follow_unlinked(number);
    const std::uint64_t quiet_ns = times_.monotonic_ns - live.grown_ns;
    if (!content.rotated || live.is_lost || quiet_ns < options_.settle_ns) continue;
    if (is_named && live.rest_bytes > 0) {
      // Rotated and quiet: a last line without its newline gets no other any more.
      Seen& seen = seen_.at(content.file.facts.key);
      if (auto open = open_seen(seen)) extend(seen, *open, number);
    }
    lanes_.seal(number);
  }
  counters_.files = seen_.size();
  counters_.waiting = undecided_.size();
}

void ForeignSource::follow_unlinked(std::uint32_t number) {
  Live& live = live_[number];
  const auto facts = facts_of(live.fd->get());
  Incarnation& content = books_.incarnations[number];
  if (!facts || facts->bytes <= content.mark.length + live.rest_bytes) return;
  Open open{live.fd, open_content(live.fd, content.file.gzip, content.file.path), *facts,
            content.file.gzip};
  Seen nameless;
  nameless.facts = *facts;
  nameless.path = content.file.path;
  nameless.state = State::kCarrier;
  nameless.incarnation = number;
  if (!extend(nameless, open, number)) lose(number);
}

void ForeignSource::give_up_lost() {
  for (const std::uint32_t number : std::vector<std::uint32_t>(lost_.begin(), lost_.end())) {
    adopt_copy(number);
    if (lost_.contains(number)) give_up(number, live_[number]);
  }
}

void ForeignSource::give_up(std::uint32_t number, Live& live) {
  if (times_.monotonic_ns - live.lost_ns < options_.settle_ns) return;
  // Its file is being written again: nobody knows yet what it will hold.
  const auto seen = seen_.find(books_.incarnations[number].file.facts.key);
  if (seen != seen_.end() &&
      (seen->second.state == State::kDamaged || seen->second.state == State::kWaiting)) {
    return;
  }
  lost_.erase(number);
  live.is_gone = true;
  ++counters_.gone;
  lanes_.set_gone(number, true);
  if (!live.was_truncated) return;
  const double unseen_ns =
      static_cast<double>(live.lost_ns - std::min(live.lost_ns, live.looked_ns));
  const auto bytes =
      live.rest_bytes + static_cast<std::uint64_t>(live.bytes_per_ns * unseen_ns + 0.5);
  if (bytes == 0) return;
  ++counters_.at_risk;
  counters_.at_risk_bytes += bytes;
  spdlog::error(
      "source {}: {} was truncated and no copy of it is there: about {} bytes may never "
      "have been read; rotate by rename, or let the source see the copy",
      options_.name, books_.incarnations[number].file.path, bytes);
}

void ForeignSource::settle_delivered(const SourceLanes::Least& least, const Times& times) {
  times_ = times;
  const auto delivered = lanes_.settle_delivered(least);
  for (const std::uint32_t number : delivered) {
    if (!lanes_.is_open(number) && live_[number].fd != nullptr) release(number);
  }
  if (options_.delete_after_ns != 0) delete_files(delivered);
  forget_old();
}

// Every sink has all of it.
void ForeignSource::release(std::uint32_t number) {
  Live& live = live_[number];
  hold(live, nullptr);
  live.hash.reset();
  if (!has_name(number)) {
    lose(number);
    adopt_copy(number);
  }
  set_place(number);
}

void ForeignSource::delete_files(const std::set<std::uint32_t>& delivered) {
  for (const auto& [key, seen] : seen_) {
    const bool is_taken = seen.state == State::kCarrier || seen.state == State::kCopy;
    if (!is_taken || !delivered.contains(seen.incarnation)) continue;
    if (lanes_.is_open(seen.incarnation)) continue;
    const auto facts = facts_of(std::filesystem::path(seen.path));
    if (!facts || *facts != seen.facts) continue;
    if (age_ns(times_.now_ns, facts->modified_ns) < options_.delete_after_ns) continue;
    if (::unlink(seen.path.c_str()) == 0) ++counters_.deleted;
  }
}

// Contents that are gone, delivered and not remembered for longer.
void ForeignSource::forget_old() {
  const auto remember_s = static_cast<std::int64_t>(options_.remember_ns / base::kSecondNs);
  const std::int64_t now_s = times_.now_ns / static_cast<std::int64_t>(base::kSecondNs);
  std::vector<std::uint32_t> old;
  for (const auto& [number, content] : books_.incarnations) {
    if (now_s - content.seen_at < remember_s) continue;
    if (live_[number].is_gone && lanes_.piece_count(number) == 0) old.push_back(number);
  }
  for (const std::uint32_t number : old) {
    const auto range = by_key_.equal_range(books_.incarnations[number].key);
    for (auto at = range.first; at != range.second;) {
      at = at->second == number ? by_key_.erase(at) : std::next(at);
    }
    books_.incarnations.erase(number);
    live_.erase(number);
    changed_.erase(number);
    other_records_.push_back(forget_record(books_.node, number));
  }
}

}  // namespace pixel::shipper
