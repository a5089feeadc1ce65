// SPDX-License-Identifier: Apache-2.0
// See worker_fixture.h.
#include "tests/sim/worker_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "logfmt/format.h"
#include "logfmt/segment_scan.h"

namespace pixel::sim {
namespace {

constexpr std::size_t kStandbyMax = 16;

std::string_view header_of(logfmt::SegmentKind kind) {
  return kind == logfmt::SegmentKind::kAccess ? logfmt::kAccessHeader : std::string_view{};
}

logfmt::LaneId lane_of(logfmt::SegmentKind kind) { return {kind, 1, 1'700'000'000, 0}; }

std::shared_ptr<const edge::Rules> rules_of(const WorldOptions& world) {
  edge::EdgeConfig config = world.config;
  config.header_timeout_ns = world.header_timeout_ns;
  config.body_timeout_ns = world.body_timeout_ns;
  config.keep_alive_timeout_ns = world.keep_alive_timeout_ns;
  config.send_timeout_ns = world.send_timeout_ns;
  if (world.serve_when_full) config.on_full = edge::OnFull::kServeAndCount;
  auto rules = edge::Rules::create(config);
  CHECK(static_cast<bool>(rules));
  return std::move(rules).value();
}

// In memory: what it costs to sync is not what is tested.
std::filesystem::path make_folder() {
  std::string pattern = ::access("/dev/shm", W_OK) == 0
                            ? "/dev/shm/pixel_worker_XXXXXX"
                            : (std::filesystem::temp_directory_path() / "pixel_worker_XXXXXX");
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

}  // namespace

WorkerFixture::WorkerFixture(const WorldOptions& world)
    : cipher_({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}) {
  events_.kind = logfmt::SegmentKind::kEvents;
  access_.segment_bytes = events_.segment_bytes = world.segment_bytes;
  if (world.durability == edge::Durability::kDisk) {
    folder_ = access_.folder = events_.folder = make_folder();
    folder_fd_.reset(::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  options.durability = world.durability;
  options.active_folder = folder_fd_.get();
  options.connections_max = world.connections_max;
  options.connections_per_address = world.connections_per_address;
  options.receive_buffers = world.receive_buffers;
  options.limits = world.limits;
  options.body_bytes_max = world.body_bytes_max;
  options.bodies_max = world.bodies_max;
  options.rules = rules_of(world);
  options.cipher = &cipher_;
  options.lane = lane_of(logfmt::SegmentKind::kAccess);
  options.edge_location = "TST1";
  options.distribution_host = "pixel.test";
  options.supply = &access_.supply;
  options.slot = &access_.slot;
  options.events_supply = &events_.supply;
  options.events_slot = &events_.slot;
  if (world.has_segments) {
    offer_segment();
    offer_segment();
  }
}

WorkerFixture::~WorkerFixture() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void WorkerFixture::offer_segment() {
  access_.offer();
  events_.offer();
}

void WorkerFixture::Lane::offer() {
  collect();
  if (supply.standby_count() >= kStandbyMax) return;
  segments.push_back(std::make_unique<char[]>(segment_bytes));  // Zeroed.
  const std::string_view header = header_of(kind);
  edge::MappedSegment segment;
  segment.base = segments.back().get();
  segment.capacity = segment_bytes;
  segment.position = header.size();
  std::copy_n(header.data(), header.size(), segment.base);
  segment.id = {lane_of(kind), static_cast<std::uint32_t>(segments.size() - 1)};
  if (!folder.empty()) make_file(segment.id);
  supply.offer(segment);
}

// What the worker gives away it no longer writes from: the memory is spoiled to show it.
void WorkerFixture::Lane::collect() {
  while (const auto retired = supply.try_collect()) {
    if (folder.empty()) continue;
    const std::size_t header_bytes = header_of(kind).size();
    CHECK(std::memcmp(files[retired->id.index] + header_bytes, retired->base + header_bytes,
                      retired->position - header_bytes) == 0);
    std::memset(retired->base, '\x5A', segment_bytes);
  }
}

void WorkerFixture::Lane::make_file(const logfmt::SegmentId& id) {
  const std::filesystem::path path = folder / logfmt::active_file_name(id);
  const base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  CHECK(fd && ::ftruncate(fd.get(), static_cast<off_t>(segment_bytes)) == 0);
  const std::string_view header = header_of(kind);
  CHECK(::pwrite(fd.get(), header.data(), header.size(), 0) == static_cast<ssize_t>(header.size()));
  void* const view = ::mmap(nullptr, segment_bytes, PROT_READ, MAP_SHARED, fd.get(), 0);
  CHECK(view != MAP_FAILED);
  files.push_back(static_cast<const char*>(view));
}

WorkerFixture::Lane::~Lane() {
  for (const char* file : files) ::munmap(const_cast<char*>(file), segment_bytes);
}

// As a follower with a control page: the current segment up to its published position, earlier ones
// whole (control_page.h, invariants 1 and 3).
std::vector<std::string> WorkerFixture::Lane::lines() const {
  std::uint64_t index = 0;
  std::uint64_t position = 0;
  do {
    index = slot.segment_index.load(std::memory_order_acquire);
    position = slot.position.load(std::memory_order_acquire);
  } while (slot.segment_index.load(std::memory_order_acquire) != index);
  const std::size_t header_bytes = header_of(kind).size();
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < segments.size() && i <= index; ++i) {
    const char* const seen = folder.empty() ? segments[i].get() : files[i];
    std::string_view text(seen, i < index ? segment_bytes : position);
    if (text.size() <= header_bytes) continue;
    text = text.substr(0, logfmt::published_bytes(text));
    text.remove_prefix(header_bytes);
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
