// SPDX-License-Identifier: Apache-2.0
// See batcher.h.
#include "shipper/batch/batcher.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/count_bytes.h"

namespace pixel::shipper {

Batcher::Batcher(const BatchContent& content, const BatchLimits& limits, Checkpoint start,
                 WriteEarly write_early)
    : limits_(limits), write_early_(std::move(write_early)), reached_(std::move(start)) {
  CHECK(!content.is_lines || write_early_ == nullptr);
  if (!content.is_lines) decoder_.emplace(content.tables);
  if (content.is_hashed) hash_.emplace();
}

Batcher::Front Batcher::front_of(std::string_view text) const {
  if (lines_ >= limits_.rows || bytes_ >= limits_.bytes) return {};
  // The usual case. Which of its lines count, the decoder tells.
  const bool fits_whole = decoder_ && text.size() <= limits_.bytes - bytes_ &&
                          base::count_bytes(text, '\n') <= limits_.rows - lines_;
  return fits_whole ? Front{text.size(), 0, false} : front_lines(text);
}

Batcher::Front Batcher::front_lines(std::string_view text) const {
  Front front{0, 0, true};
  std::uint64_t lines_left = limits_.rows - lines_;
  const std::uint64_t bytes_left = limits_.bytes - bytes_;
  while (front.bytes < text.size() && lines_left-- > 0) {
    const std::size_t newline = text.find('\n', front.bytes);
    DCHECK(newline != std::string_view::npos);
    const bool fits = newline + 1 <= bytes_left;
    // A line larger than a whole batch makes one of its own.
    if (!fits && !(front.bytes == 0 && bytes_ == 0)) break;
    const char first = text[front.bytes];
    const bool counts = first != '#' && first != '\n';
    front.lines += counts ? 1 : 0;
    front.is_one_hour =
        front.is_one_hour && counts && newline - front.bytes > logfmt::kHourBytes &&
        std::memcmp(text.data(), text.data() + front.bytes, logfmt::kHourBytes) == 0;
    front.bytes = newline + 1;
  }
  return front;
}

std::size_t Batcher::append(const logfmt::SegmentId& segment, std::uint64_t offset,
                            std::string_view text, std::uint64_t now_ns) {
  const auto [bytes, lines, is_one_hour] = front_of(text);
  full_ = bytes < text.size();
  if (bytes == 0) return 0;
  start(now_ns);
  LineChunk chunk{segment, offset, batch_.text.copy(text.substr(0, bytes)), lines, is_one_hour};
  const DecodeCounts counts = decode(chunk);
  chunk.lines = counts.lines;
  // Without a line it is no part of the batch: a segment that never had one is removed when its
  // edge was killed, and a batch that names it could not be made again.
  if (counts.lines > 0) {
    batch_.lines.push_back(chunk);
    if (hash_) hash_->add(chunk);
    extend_ranges(segment, offset, bytes, counts.lines);
  }
  const std::int64_t oldest = counts.oldest_request_us;
  if (oldest != 0 && (oldest_request_us_ == 0 || oldest < oldest_request_us_)) {
    oldest_request_us_ = oldest;
  }
  lines_ += counts.lines;
  bytes_ += bytes;
  reached_.lanes[segment.lane] = {segment.index, offset + bytes};
  reached_.lines += counts.lines;
  reached_.rows += counts.delivered;
  reached_.filtered += counts.filtered;
  reached_.dead_lettered += counts.dead_lettered;
  reached_.bytes += bytes;
  return bytes;
}

DecodeCounts Batcher::decode(const LineChunk& chunk) {
  if (write_early_ != nullptr) return decode_early(chunk);
  if (decoder_) {
    return decoder_->decode(chunk.segment, chunk.offset, chunk.text, batch_.tables,
                            batch_.dead_letters);
  }
  DecodeCounts counts;
  counts.lines = counts.delivered = chunk.lines;
  return counts;
}

// Rows go on while they and their lines are in the cache. Once a write failed the rest of the batch
// is only counted: it will be made again from its lines.
DecodeCounts Batcher::decode_early(const LineChunk& chunk) {
  DecodeCounts counts;
  for (std::size_t at = 0; at < chunk.text.size();) {
    const std::string_view piece = TableDecoder::front_piece(chunk.text.substr(at));
    const DecodeCounts decoded =
        decoder_->decode(chunk.segment, chunk.offset + at, piece, early_rows_, batch_.dead_letters);
    if (batch_.is_written && decoded.delivered > 0) {
      batch_.is_written = write_early_(early_rows_).ok();
    }
    for (RowBlock& rows : early_rows_) rows.clear();
    add(counts, decoded);
    at += piece.size();
  }
  return counts;
}

void Batcher::reuse(Batch spare) {
  CHECK(!started_ && spare.lines.empty());
  batch_ = std::move(spare);
}

void Batcher::skip(const logfmt::LaneId& lane, const Position& to, std::uint64_t missing_lines,
                   std::uint64_t now_ns) {
  start(now_ns);
  reached_.lanes[lane] = to;
  reached_.missing += missing_lines;
}

void Batcher::start(std::uint64_t now_ns) {
  if (started_) return;
  started_ = true;
  started_ns_ = now_ns;
  batch_.is_written = write_early_ != nullptr;
}

void Batcher::extend_ranges(const logfmt::SegmentId& segment, std::uint64_t offset,
                            std::uint64_t bytes, std::uint64_t lines) {
  // Few per batch: one per lane, more only where a segment ended or a damaged part was passed over.
  for (auto range = batch_.ranges.rbegin(); range != batch_.ranges.rend(); ++range) {
    if (range->segment != segment || range->to != offset) continue;
    range->to += bytes;
    range->lines += lines;
    return;
  }
  batch_.ranges.push_back({segment, offset, offset + bytes, lines});
}

std::optional<FlushReason> Batcher::due(std::uint64_t now_ns) const {
  if (!started_) return std::nullopt;
  if (lines_ >= limits_.rows) return FlushReason::kRows;
  if (full_ || bytes_ >= limits_.bytes) return FlushReason::kBytes;
  if (now_ns >= *due_at_ns()) return FlushReason::kAge;
  return std::nullopt;
}

std::optional<std::uint64_t> Batcher::due_at_ns() const {
  if (!started_) return std::nullopt;
  return started_ns_ + limits_.age_ns;
}

Batch Batcher::cut(FlushReason reason) {
  CHECK(started_);
  ++reached_.batches;
  batch_.after = reached_;
  batch_.reason = reason;
  batch_.oldest_request_at = oldest_request_us_ / 1'000'000;
  std::sort(batch_.ranges.begin(), batch_.ranges.end(), [](const Range& a, const Range& b) {
    return std::tie(a.segment, a.from) < std::tie(b.segment, b.from);
  });
  if (decoder_) decoder_->shape(batch_.tables);
  if (hash_) batch_.lines_hash = hash_->take();
  started_ = false;
  full_ = false;
  lines_ = 0;
  bytes_ = 0;
  oldest_request_us_ = 0;
  return std::exchange(batch_, Batch{});
}

}  // namespace pixel::shipper
