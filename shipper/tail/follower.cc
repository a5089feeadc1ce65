// SPDX-License-Identifier: Apache-2.0
// See follower.h.
#include "shipper/tail/follower.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/units.h"
#include "logfmt/line_decode.h"
#include "logfmt/segment_scan.h"

namespace pixel::shipper {
namespace {

// Long enough for a rename or a discarded standby segment to show completely.
constexpr std::uint64_t kGoneAfterNs = 2 * base::kSecondNs;
constexpr std::uint64_t kErrorPauseNs = base::kSecondNs;
// Without a control page nobody says how much there is: a look at mostly NUL should be cheap.
constexpr std::uint64_t kBlindReadBytes = 512 * 1024;

// How many bytes of the active segment `index` from `offset` on are published; nothing where the
// slot cannot tell.
std::optional<std::uint64_t> published_after(const logfmt::ControlSlot& slot,
                                             const Position& position) {
  // acquire; pairs with the writer's release stores (control_page.h, invariants 1 and 3).
  const auto index = slot.segment_index.load(std::memory_order_acquire);
  const auto published = slot.position.load(std::memory_order_acquire);
  if (index != position.index) return std::nullopt;
  if (slot.segment_index.load(std::memory_order_acquire) != index) return std::nullopt;
  return published > position.offset ? published - position.offset : 0;
}

// Of a segment whose data is gone. Exact from its begin; a share of its bytes from the middle.
std::uint64_t lines_after(const logfmt::Manifest& manifest, std::uint64_t offset) {
  const double rest = static_cast<double>(manifest.bytes - offset) /
                      static_cast<double>(std::max<std::uint64_t>(manifest.bytes, 1));
  return static_cast<std::uint64_t>(static_cast<double>(manifest.lines) * rest + 0.5);
}

}  // namespace

Follower::Follower(SegmentStore& store, const Checkpoint& from, std::size_t chunk_bytes,
                   LaneKinds kinds)
    : store_(store),
      kinds_(kinds),
      memory_(new char[chunk_bytes]),
      buffer_(memory_.get(), chunk_bytes) {
  CHECK(chunk_bytes > logfmt::kLineBytesMax);
  for (const auto& [lane, position] : from.lanes) {
    Cursor& cursor = cursors_[lane];
    cursor.lane = lane;
    cursor.position = position;
  }
}

// Sorts the lanes into live and backlog. Lanes without anything left to read are in neither.
void Follower::refresh(const CatalogueSnapshot& catalogue) {
  if (catalogue.version == seen_version_) return;
  seen_version_ = catalogue.version;
  live_.clear();
  backlog_.clear();
  for (const auto& [lane, segments] : catalogue.lanes) {
    if (!kinds_.has(lane.kind)) continue;
    Cursor& cursor = cursors_[lane];
    cursor.lane = lane;
    const bool is_live = std::any_of(segments.rbegin(), segments.rend(), [](const auto& segment) {
      return segment.second.place == SegmentEntry::Place::kActive;
    });
    const bool has_more = segments.lower_bound(cursor.position.index) != segments.end();
    if (is_live) {
      live_.push_back(&cursor);
    } else if (has_more) {
      backlog_.push_back(&cursor);
    } else {
      cursor.reader.reset();
    }
  }
  live_turn_ = 0;
  backlog_turn_ = 0;
  backlog_waits_ = false;
}

std::optional<Chunk> Follower::next(const CatalogueSnapshot& catalogue, std::uint64_t now_ns) {
  const auto lent_chunk = [this] {
    return Chunk{{lent_to_->lane, lent_to_->position.index},
                 lent_to_->position.offset,
                 std::string_view(buffer_.data() + rest_begin_, rest_end_ - rest_begin_)};
  };
  if (rest_begin_ < rest_end_) return lent_chunk();
  refresh(catalogue);
  waiting_ = false;
  // Twice: the first round of turns may have begun in the middle.
  for (int round = 0; round < 2; ++round) {
    while (live_turn_ < live_.size()) {
      if (try_lane(*live_[live_turn_++], catalogue, now_ns)) return lent_chunk();
    }
    live_turn_ = 0;
    for (; backlog_turn_ < backlog_.size(); ++backlog_turn_) {
      if (try_backlog_lane(*backlog_[backlog_turn_], catalogue, now_ns)) return lent_chunk();
    }
  }
  // Lanes that wait come again; those that are done return at once.
  if (backlog_waits_) {
    backlog_turn_ = 0;
    backlog_waits_ = false;
    waiting_ = true;
  }
  return std::nullopt;
}

void Follower::consume(std::size_t bytes) {
  CHECK(lent_to_ != nullptr && bytes <= rest_end_ - rest_begin_);
  rest_begin_ += bytes;
  lent_to_->position.offset += bytes;
}

// Remembers a lane that waits for as long as the turn is at a later one.
bool Follower::try_backlog_lane(Cursor& cursor, const CatalogueSnapshot& catalogue,
                                std::uint64_t now_ns) {
  const bool others_wait = std::exchange(waiting_, false);
  const bool has_data = try_lane(cursor, catalogue, now_ns);
  backlog_waits_ = backlog_waits_ || waiting_;
  waiting_ = waiting_ || others_wait;
  return has_data;
}

bool Follower::try_lane(Cursor& cursor, const CatalogueSnapshot& catalogue, std::uint64_t now_ns) {
  if (now_ns < cursor.retry_at_ns) {
    waiting_ = true;
    return false;
  }
  while (true) {
    const Step step = step_lane(cursor, catalogue, now_ns);
    if (step == Step::kData) return true;
    if (step == Step::kNothing) return false;
  }
}

Follower::Step Follower::step_lane(Cursor& cursor, const CatalogueSnapshot& catalogue,
                                   std::uint64_t now_ns) {
  const auto lane = catalogue.lanes.find(cursor.lane);
  if (lane == catalogue.lanes.end()) return Step::kNothing;
  const auto found = lane->second.find(cursor.position.index);
  if (found == lane->second.end() || found->second.place == SegmentEntry::Place::kGone) {
    return step_gone(cursor, lane->second, now_ns);
  }
  cursor.gone_since_ns = 0;
  if (found->second.place == SegmentEntry::Place::kActive) {
    if (found->second.origin != nullptr) return step_growing(cursor, found->second, now_ns);
    return step_active(cursor, found->second, catalogue.slot(cursor.lane), now_ns);
  }
  return step_sealed(cursor, found->second, now_ns);
}

// The slot says how much to read, or that there is nothing: idle lanes cost no system call.
Follower::Step Follower::step_active(Cursor& cursor, const SegmentEntry& entry,
                                     const logfmt::ControlSlot* slot, std::uint64_t now_ns) {
  const auto hint = slot == nullptr ? std::nullopt : published_after(*slot, cursor.position);
  if (hint && *hint == 0) return Step::kNothing;
  // Loaded before the bytes are read; acquire: all lines of the segments before it are visible.
  const bool is_left = slot != nullptr &&
                       slot->segment_index.load(std::memory_order_acquire) > cursor.position.index;
  if (!open_reader(cursor, entry, now_ns)) return Step::kNothing;
  const auto got = read(cursor, hint.value_or(kBlindReadBytes), now_ns);
  if (!got) return Step::kNothing;
  const std::string_view text(buffer_.data(), *got);
  const std::size_t bytes = logfmt::published_bytes(text);
  return bytes == 0 && is_left ? step_abandoned(cursor, now_ns) : lend(cursor, bytes);
}

// A piece of a foreign file: its origin says how much is published, and when it ends the catalogue
// says so.
Follower::Step Follower::step_growing(Cursor& cursor, const SegmentEntry& entry,
                                      std::uint64_t now_ns) {
  const std::uint64_t published = entry.origin->extent().bytes;
  Position& position = cursor.position;
  if (published <= position.offset) return Step::kNothing;
  if (!open_reader(cursor, entry, now_ns)) return Step::kNothing;
  const auto got = read(cursor, published - position.offset, now_ns);
  if (!got || *got == 0) return Step::kNothing;
  const std::size_t newline = std::string_view(buffer_.data(), *got).rfind('\n');
  if (newline != std::string_view::npos) return lend(cursor, newline + 1);
  if (*got < buffer_.size()) return Step::kNothing;
  counters_.torn_bytes += *got;  // As in step_sealed.
  position.offset += *got;
  return Step::kAdvanced;
}

// Its writer has gone on and nothing is left to read: a segment that could not be sealed, or is
// about to be, must not hold back the ones after it. But a hole that a power loss left in it waits
// for the recovery to fill it: there are lines beyond.
Follower::Step Follower::step_abandoned(Cursor& cursor, std::uint64_t now_ns) {
  if (cursor.hole == cursor.position) return Step::kNothing;
  for (std::uint64_t at = cursor.position.offset;;) {
    const auto got = cursor.reader->read_at(at, buffer_);
    if (!got) return fail(cursor, got.error().message, now_ns);
    if (*got == 0) return finish_segment(cursor);
    if (std::string_view(buffer_.data(), *got).find('\n') != std::string_view::npos) break;
    at += *got;
  }
  cursor.hole = cursor.position;
  return Step::kNothing;
}

Follower::Step Follower::step_sealed(Cursor& cursor, const SegmentEntry& entry,
                                     std::uint64_t now_ns) {
  const bool is_plain = entry.place == SegmentEntry::Place::kSealed;
  Position& position = cursor.position;
  if (is_plain && position.offset >= entry.bytes) {
    counters_.beyond_end_bytes += position.offset - entry.bytes;
    return finish_segment(cursor);
  }
  if (!open_reader(cursor, entry, now_ns)) return Step::kNothing;
  const auto got = read(cursor, is_plain ? entry.bytes - position.offset : buffer_.size(), now_ns);
  if (!got) return Step::kNothing;
  if (*got == 0) {
    counters_.torn_bytes += is_plain ? entry.bytes - position.offset : 0;
    return finish_segment(cursor);
  }
  const std::string_view text(buffer_.data(), *got);
  const std::size_t newline = text.rfind('\n');
  if (newline != std::string_view::npos) return lend(cursor, newline + 1);
  // No line is that long: damage. What follows the next newline is read again as lines.
  counters_.torn_bytes += *got;
  position.offset += *got;
  return Step::kAdvanced;
}

// A reader that is still open has the deleted file's bytes; otherwise the segment is lost as soon
// as it is certain that it had been complete: it left a manifest, or its lane went on.
Follower::Step Follower::step_gone(Cursor& cursor, const LaneSegments& segments,
                                   std::uint64_t now_ns) {
  const auto entry = segments.lower_bound(cursor.position.index);
  if (entry == segments.end()) return Step::kNothing;
  if (cursor.gone_since_ns == 0) cursor.gone_since_ns = now_ns;
  // The foreign sources have waited already before they call a segment gone.
  const bool is_certain = entry->first == cursor.position.index && entry->second.origin != nullptr;
  if (!is_certain && now_ns - cursor.gone_since_ns < kGoneAfterNs) {
    waiting_ = true;
    return Step::kNothing;
  }
  if (cursor.reader != nullptr) {
    const auto got = read(cursor, buffer_.size(), now_ns);
    if (!got) return Step::kNothing;
    const std::size_t bytes = logfmt::published_bytes({buffer_.data(), *got});
    if (bytes > 0) return lend(cursor, bytes);
  }
  const bool has_manifest = entry->first == cursor.position.index;
  const std::uint32_t next = has_manifest ? entry->first + 1 : entry->first;
  std::uint64_t missing_lines = 0;
  if (has_manifest) {
    const auto manifest = store_.manifest(entry->second);
    if (!manifest) return fail(cursor, manifest.error().message, now_ns);
    if (cursor.position.offset >= manifest->bytes) return finish_segment(cursor);
    missing_lines = lines_after(*manifest, cursor.position.offset);
  }
  counters_.gone_segments += next - cursor.position.index;
  gaps_.push_back({cursor.lane, cursor.position, {next, 0}, missing_lines});
  cursor.reader.reset();
  cursor.position = {next, 0};
  return Step::kAdvanced;
}

bool Follower::open_reader(Cursor& cursor, const SegmentEntry& entry, std::uint64_t now_ns) {
  if (cursor.reader != nullptr) return true;
  auto reader = store_.open({cursor.lane, cursor.position.index}, entry);
  if (!reader) {
    fail(cursor, reader.error().message, now_ns);
    return false;
  }
  cursor.reader = std::move(reader).value();
  if (cursor.reader == nullptr) waiting_ = true;
  return cursor.reader != nullptr;
}

std::optional<std::size_t> Follower::read(Cursor& cursor, std::uint64_t bytes,
                                          std::uint64_t now_ns) {
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, buffer_.size()));
  const auto got = cursor.reader->read_at(cursor.position.offset, {buffer_.data(), most});
  if (got) return *got;
  fail(cursor, got.error().message, now_ns);
  return std::nullopt;
}

Follower::Step Follower::lend(Cursor& cursor, std::size_t bytes) {
  if (bytes == 0) return Step::kNothing;
  counters_.bytes_read += bytes;
  lent_to_ = &cursor;
  rest_begin_ = 0;
  rest_end_ = bytes;
  return Step::kData;
}

Follower::Step Follower::finish_segment(Cursor& cursor) {
  cursor.reader.reset();
  ++cursor.position.index;
  cursor.position.offset = 0;
  return Step::kAdvanced;
}

Follower::Step Follower::fail(Cursor& cursor, const std::string& message, std::uint64_t now_ns) {
  ++counters_.read_errors;
  last_error_ = message;
  cursor.reader.reset();
  cursor.retry_at_ns = now_ns + kErrorPauseNs;
  waiting_ = true;
  return Step::kNothing;
}

}  // namespace pixel::shipper
