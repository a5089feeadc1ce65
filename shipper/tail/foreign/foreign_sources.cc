// SPDX-License-Identifier: Apache-2.0
// See foreign_sources.h.
#include "shipper/tail/foreign/foreign_sources.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file.h"

namespace pixel::shipper {
namespace {

// Between two looks: a busy file costs so many records a second at most.
constexpr int kLookGapMs = 20;
constexpr int kImpatientMs = 100;
constexpr int kIdleMs = 1000;
constexpr std::uint64_t kSettleEveryNs = 10 * base::kSecondNs;

ForeignSource::Times times_now() {
  return {static_cast<std::int64_t>(base::realtime_ns()), base::monotonic_ns()};
}

// A number that no source has yet.
std::uint16_t free_node(const ForeignBooks& books) {
  std::uint32_t node = 0;
  for (const auto& [name, source] : books) {
    node = std::max<std::uint32_t>(node, source.node + std::uint32_t{1});
  }
  return static_cast<std::uint16_t>(node);
}

}  // namespace

ForeignSources::ForeignSources(std::vector<SourceOptions> options,
                               const std::filesystem::path& state, Catalogue& catalogue)
    : options_(std::move(options)), catalogue_(catalogue), registry_(state / "foreign") {}

ForeignSources::~ForeignSources() { stop(); }

base::Status ForeignSources::open() {
  if (options_.empty()) return base::ok_status();
  {
    const std::lock_guard lock(mutex_);
    auto books = registry_.open();
    if (!books) return books.error();
    if (!registry_.damage().empty()) {
      spdlog::warn("foreign files: {}mended from the other copy", registry_.damage());
    }
    books_ = std::move(books).value();
    std::vector<std::string> records;
    for (const SourceOptions& options : options_) {
      const bool is_new = !books_.contains(options.name);
      if (is_new) {
        records.push_back(source_record(options.name, free_node(books_)));
        if (auto status = apply_record(books_, records.back()); !status) return status;
      }
      auto source = std::make_unique<Source>(options);
      source->files = std::make_unique<ForeignSource>(options, books_[options.name], is_new);
      sources_.push_back(std::move(source));
    }
    if (auto status = registry_.append(records, books_); !status) return status;
  }
  return look(true);
}

base::Status ForeignSources::settle() {
  while (true) {
    bool is_unsettled = false;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& source : sources_) {
        is_unsettled = is_unsettled || source->files->is_unsettled(base::monotonic_ns());
      }
    }
    if (!is_unsettled || stopping_.load(std::memory_order_relaxed)) return base::ok_status();
    ::poll(nullptr, 0, kImpatientMs);
    if (auto status = look(true); !status) return status;
  }
}

base::Status ForeignSources::look(bool at_everything) {
  const std::lock_guard lock(mutex_);
  const auto times = times_now();
  trouble_.clear();
  for (const auto& source : sources_) look_at(*source, at_everything, times);
  return record_and_publish();
}

void ForeignSources::look_at(Source& source, bool at_everything,
                             const ForeignSource::Times& times) {
  const SourceOptions& options = source.files->options();
  const std::vector<std::string> changes = source.lister.take_changes(source.needs_listing);
  const bool is_due = times.monotonic_ns - source.listed_ns >= options.rescan_ns;
  if (!at_everything && !source.needs_listing && !is_due) {
    auto paths = source.files->impatient_paths();
    paths.insert(paths.end(), changes.begin(), changes.end());
    source.files->look(paths, false, times);
    return;
  }
  source.needs_listing = false;
  source.listed_ns = times.monotonic_ns;
  const auto paths = source.lister.list();
  if (paths) {
    source.files->look(*paths, true, times);
  } else {
    trouble_ += fmt::format("source {}: {}; ", options.name, paths.error().message);
    source.files->look(changes, false, times);
  }
}

// Nothing is visible to sinks that a restart would not know.
base::Status ForeignSources::record_and_publish() {
  std::vector<std::string> records;
  for (const auto& source : sources_) {
    const auto more = source->files->records();
    records.insert(records.end(), more.begin(), more.end());
  }
  if (auto status = registry_.append(records, books_); !status) {
    trouble_ += status.error().message + "; ";
    return status;
  }
  bool has_new_lanes = false;
  for (const auto& source : sources_) has_new_lanes = source->files->publish() || has_new_lanes;
  if (has_new_lanes) {
    auto lanes = std::make_shared<ForeignLanes>();
    for (const auto& source : sources_) source->files->lanes().list(*lanes);
    catalogue_.set_foreign(std::move(lanes));
  } else if (!records.empty()) {
    catalogue_.wake();
  }
  return base::ok_status();
}

base::Status ForeignSources::start() {
  if (sources_.empty()) return base::ok_status();
  stop_event_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_event_) return base::Error{"cannot create an event for foreign sources"};
  thread_ = std::thread([this] { run(); });
  return base::ok_status();
}

void ForeignSources::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_event_.get(), &one, sizeof one);
  thread_.join();
}

int ForeignSources::wait_ms() const {
  const std::lock_guard lock(mutex_);
  if (!trouble_.empty()) return kIdleMs;
  int wait = kIdleMs;
  for (const auto& source : sources_) {
    if (!source->files->impatient_paths().empty()) wait = kImpatientMs;
  }
  return wait;
}

void ForeignSources::run() {
  std::string said;
  while (!stopping_.load(std::memory_order_relaxed)) {
    std::vector<pollfd> waits = {{stop_event_.get(), POLLIN, 0}};
    for (const auto& source : sources_) waits.push_back({source->lister.event_fd(), POLLIN, 0});
    const bool is_calm = trouble().empty();
    const int ready = ::poll(waits.data(), is_calm ? waits.size() : 1, wait_ms());
    if (stopping_.load(std::memory_order_relaxed)) break;
    [[maybe_unused]] const auto status = look(false);
    const std::string now = trouble();
    if (now != said && !now.empty()) spdlog::error("foreign files: {}tried again", now);
    if (now != said && now.empty()) spdlog::info("foreign files: well again");
    said = now;
    if (ready > 0) ::poll(waits.data(), 1, kLookGapMs);  // Only a stop ends it early.
  }
}

void ForeignSources::settle_delivered(const std::vector<const Checkpoint*>& checkpoints) {
  if (sources_.empty() || checkpoints.empty()) return;
  const std::lock_guard lock(mutex_);
  std::map<logfmt::LaneId, Position> least;
  for (const auto& [lane, position] : checkpoints.front()->lanes) {
    if (lane.kind != logfmt::SegmentKind::kForeign) continue;
    Position& reached = least[lane] = position;
    for (const Checkpoint* checkpoint : checkpoints) {
      const auto found = checkpoint->lanes.find(lane);
      reached = std::min(reached, found == checkpoint->lanes.end() ? Position() : found->second);
    }
  }
  // All pieces are gone through: not each second for nothing.
  const auto times = times_now();
  const bool is_due = times.monotonic_ns - settled_ns_ >= kSettleEveryNs;
  if (least == settled_ && !is_due) return;
  settled_ = std::move(least);
  settled_ns_ = times.monotonic_ns;
  const auto least_of = [this](const logfmt::LaneId& lane) {
    const auto found = settled_.find(lane);
    return found == settled_.end() ? Position() : found->second;
  };
  for (const auto& source : sources_) source->files->settle_delivered(least_of, times);
  [[maybe_unused]] const auto status = record_and_publish();
}

std::string ForeignSources::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace pixel::shipper
