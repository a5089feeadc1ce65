// SPDX-License-Identifier: Apache-2.0
// See worker_fixture.h.
#include "tests/sim/worker_fixture.h"

#include <cstring>

#include "logfmt/format.h"
#include "logfmt/segment_scan.h"

namespace pixel::sim {
namespace {
constexpr std::size_t kStandbyMax = 16;
}  // namespace

WorkerFixture::WorkerFixture(const WorldOptions& world)
    : routes_({"/1x1.gif", "/pixel.gif"}),
      cipher_({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}),
      segment_bytes_(world.segment_bytes) {
  options.connections_max = world.connections_max;
  options.receive_buffers = world.receive_buffers;
  options.limits = world.limits;
  options.header_timeout_ns = world.header_timeout_ns;
  options.keep_alive_timeout_ns = world.keep_alive_timeout_ns;
  options.send_timeout_ns = world.send_timeout_ns;
  options.serve_when_full = world.serve_when_full;
  options.routes = &routes_;
  options.cipher = &cipher_;
  options.lane = {logfmt::SegmentKind::kAccess, 1, 1'700'000'000, 0};
  options.edge_location = "TST1";
  options.distribution_host = "pixel.test";
  options.supply = &supply;
  options.slot = &slot;
  if (world.has_segments) {
    offer_segment();
    offer_segment();
  }
}

void WorkerFixture::offer_segment() {
  while (supply.try_collect()) {
  }
  if (supply.standby_count() >= kStandbyMax) return;
  segments_.push_back(std::make_unique<char[]>(segment_bytes_));  // Zeroed.
  edge::MappedSegment segment;
  segment.base = segments_.back().get();
  segment.capacity = segment_bytes_;
  segment.position = logfmt::kAccessHeader.size();
  std::memcpy(segment.base, logfmt::kAccessHeader.data(), segment.position);
  segment.id = {options.lane, static_cast<std::uint32_t>(segments_.size() - 1)};
  supply.offer(segment);
}

// As a follower with a control page: the current segment up to its published position, earlier ones
// whole (control_page.h, invariants 1 and 3).
std::vector<std::string> WorkerFixture::lines() const {
  std::uint64_t index = 0;
  std::uint64_t position = 0;
  do {
    index = slot.segment_index.load(std::memory_order_acquire);
    position = slot.position.load(std::memory_order_acquire);
  } while (slot.segment_index.load(std::memory_order_acquire) != index);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < segments_.size() && i <= index; ++i) {
    std::string_view text(segments_[i].get(), i < index ? segment_bytes_ : position);
    if (text.size() <= logfmt::kAccessHeader.size()) continue;
    text = text.substr(0, logfmt::published_bytes(text));
    text.remove_prefix(logfmt::kAccessHeader.size());
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      lines.emplace_back(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
  }
  return lines;
}

std::string field(const std::string& line, int number) {
  std::size_t begin = 0;
  for (int i = 1; i < number; ++i) begin = line.find('\t', begin) + 1;
  return line.substr(begin, line.find('\t', begin) - begin);
}

}  // namespace pixel::sim
