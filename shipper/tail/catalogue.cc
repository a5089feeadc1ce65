// SPDX-License-Identifier: Apache-2.0
// See catalogue.h. COLD.
#include "shipper/tail/catalogue.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file.h"
#include "base/units.h"
#include "logfmt/manifest.h"

namespace pixel::shipper {
namespace {

constexpr int kRescanMs = 1000;
// Between two scans for events: many changes at once cost a few listings, not one each.
constexpr int kScanGapMs = 200;
// Directory times come from the kernel's tick: a later change in the same tick has the same one.
constexpr std::int64_t kSettledNs = 1'000'000'000;

struct FileTimes {
  std::uint64_t bytes = 0;
  std::int64_t changed_ns = 0;
};

// Nothing where the file is gone; errno says why.
std::optional<FileTimes> stat_file(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileTimes{
      static_cast<std::uint64_t>(info.st_size),
      static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
}

const SegmentEntry* find_entry(const CatalogueSnapshot& snapshot, const logfmt::SegmentId& id) {
  const auto lane = snapshot.lanes.find(id.lane);
  if (lane == snapshot.lanes.end()) return nullptr;
  const auto entry = lane->second.find(id.index);
  return entry == lane->second.end() ? nullptr : &entry->second;
}

bool directory_exists(const std::filesystem::path& directory) {
  std::error_code error;
  return std::filesystem::is_directory(directory, error);
}

}  // namespace

const logfmt::ControlSlot* CatalogueSnapshot::slot(const logfmt::LaneId& lane) const {
  const auto found = controls.find({lane.node, lane.boot});
  return found == controls.end() ? nullptr : found->second->find_slot(lane);
}

Catalogue::Catalogue(std::filesystem::path spool)
    : spool_(std::move(spool)), snapshot_(std::make_shared<CatalogueSnapshot>()) {}

Catalogue::~Catalogue() { stop(); }

SnapshotPtr Catalogue::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

void Catalogue::wait_for_change(std::uint64_t seen, std::uint64_t timeout_ns) const {
  wait_for_change(seen, wakes(), timeout_ns);
}

void Catalogue::wait_for_change(std::uint64_t seen, std::uint64_t wakes_seen,
                                std::uint64_t timeout_ns) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::nanoseconds(timeout_ns),
                    [&] { return snapshot_->version != seen || wakes_ != wakes_seen; });
}

std::uint64_t Catalogue::wakes() const {
  const std::lock_guard lock(mutex_);
  return wakes_;
}

void Catalogue::wake() {
  const std::lock_guard lock(mutex_);
  ++wakes_;
  changed_.notify_all();
}

bool Catalogue::unchanged(const std::filesystem::path& directory, DirectoryState& state) const {
  const auto times = stat_file(directory);
  const std::int64_t changed_ns = times ? times->changed_ns : 0;
  const bool same = state.settled && changed_ns == state.changed_ns;
  state.changed_ns = changed_ns;
  state.settled = static_cast<std::int64_t>(base::realtime_ns()) - changed_ns > kSettledNs;
  return same;
}

// A segment is renamed from active/ to sealed/: looked at in this order, it is seen at least once.
base::Status Catalogue::scan() {
  const bool active_same = unchanged(active_directory(spool_), active_);
  const bool sealed_same = unchanged(sealed_directory(spool_), sealed_);
  const SnapshotPtr previous = snapshot();
  if (active_same && sealed_same && previous->version > 0) return base::ok_status();
  auto next = std::make_shared<CatalogueSnapshot>();
  auto status = list_active(*next);
  if (status) status = list_sealed(*next);
  if (!status) {
    active_.settled = sealed_.settled = false;
    return status;
  }
  publish(std::move(next));
  return base::ok_status();
}

// Two threads publish: the scanning one the spool's lanes, another one the foreign lanes.
void Catalogue::publish(std::shared_ptr<CatalogueSnapshot> next) {
  const std::lock_guard lock(mutex_);
  next->foreign = foreign_;
  if (foreign_ != nullptr) next->lanes.insert(foreign_->lanes.begin(), foreign_->lanes.end());
  const bool same = snapshot_->version > 0 && next->lanes == snapshot_->lanes &&
                    next->controls == snapshot_->controls && next->foreign == snapshot_->foreign;
  if (same) return;
  next->version = snapshot_->version + 1;
  snapshot_ = std::move(next);
  changed_.notify_all();
}

void Catalogue::set_foreign(std::shared_ptr<const ForeignLanes> foreign) {
  const std::lock_guard lock(mutex_);
  foreign_ = std::move(foreign);
  auto next = std::make_shared<CatalogueSnapshot>(*snapshot_);
  std::erase_if(next->lanes,
                [](const auto& lane) { return lane.first.kind == logfmt::SegmentKind::kForeign; });
  next->foreign = foreign_;
  if (foreign_ != nullptr) next->lanes.insert(foreign_->lanes.begin(), foreign_->lanes.end());
  next->version = snapshot_->version + 1;
  snapshot_ = std::move(next);
  changed_.notify_all();
}

base::Status Catalogue::list_active(CatalogueSnapshot& next) const {
  const auto directory = active_directory(spool_);
  if (!directory_exists(directory)) return base::ok_status();
  const auto names = base::list_directory(directory);
  if (!names) return names.error();
  const SnapshotPtr previous = snapshot();
  for (const std::string& name : *names) {
    if (const auto id = logfmt::parse_active_file_name(name)) {
      next.lanes[id->lane][id->index] = SegmentEntry{};
    } else if (const auto control = logfmt::parse_control_file_name(name)) {
      const std::pair key(control->node, control->boot);
      const auto known = previous->controls.find(key);
      if (known != previous->controls.end()) {
        next.controls.insert(*known);
      } else if (auto page = logfmt::ControlPage::open(directory / name)) {
        next.controls[key] = std::make_shared<const logfmt::ControlPage>(std::move(page).value());
      }
    }
  }
  return base::ok_status();
}

base::Status Catalogue::list_sealed(CatalogueSnapshot& next) {
  const auto directory = sealed_directory(spool_);
  if (!directory_exists(directory)) return base::ok_status();
  const auto names = base::list_directory(directory);
  if (!names) return names.error();
  const SnapshotPtr previous = snapshot();
  for (const std::string& name : *names) {
    const auto sealed = logfmt::parse_sealed_file_name(name);
    if (!sealed) continue;
    if (sealed->type == logfmt::SealedName::Type::kManifest) {
      add_manifest(*sealed, name, *previous, next);
    } else if (auto status = add_data(*sealed, name, *previous, next); !status) {
      return status;
    }
  }
  return base::ok_status();
}

// Sealed files never change: what was known of one stays. The plain file wins over its .gz, data
// over a manifest without it, and sealed over active (the name is there: it is complete).
void Catalogue::add_manifest(const logfmt::SealedName& name, const std::string& file,
                             const CatalogueSnapshot& previous, CatalogueSnapshot& next) const {
  using Place = SegmentEntry::Place;
  SegmentEntry gone;
  gone.place = Place::kGone;
  LaneSegments& lane = next.lanes[name.segment.lane];
  SegmentEntry& entry = lane.try_emplace(name.segment.index, gone).first->second;
  entry.manifest = file;
  if (entry.place != Place::kGone) return;
  const SegmentEntry* const known = find_entry(previous, name.segment);
  const bool is_known = known != nullptr && known->sealed_at != 0;
  const auto times = is_known ? std::nullopt : stat_file(sealed_directory(spool_) / file);
  entry.sealed_at = is_known ? known->sealed_at : times ? times->changed_ns / 1'000'000'000 : 0;
}

// A file that vanished since it was listed (compressed, deleted) is left out, and the next scan
// lists again: an entry without bytes would pass for an empty segment.
base::Status Catalogue::add_data(const logfmt::SealedName& name, const std::string& file,
                                 const CatalogueSnapshot& previous, CatalogueSnapshot& next) {
  using Place = SegmentEntry::Place;
  const bool is_plain = name.type == logfmt::SealedName::Type::kData;
  const SegmentEntry* const known = find_entry(previous, name.segment);
  FileTimes times;
  if (known == nullptr || known->file != file) {
    const auto path = sealed_directory(spool_) / file;
    const auto found = stat_file(path);
    if (!found) {
      sealed_.settled = false;
      if (errno == ENOENT) return base::ok_status();
      return base::errno_error("stat", path, errno);
    }
    times = *found;
  }
  SegmentEntry& entry = next.lanes[name.segment.lane][name.segment.index];
  if (!is_plain && entry.place == Place::kSealed) return base::ok_status();
  entry.place = is_plain ? Place::kSealed : Place::kCompressed;
  entry.file = file;
  const bool is_known = known != nullptr && known->file == file;
  entry.sealed_at = is_known ? known->sealed_at : times.changed_ns / 1'000'000'000;
  entry.bytes = is_known ? known->bytes : is_plain ? times.bytes : 0;
  return base::ok_status();
}

void Catalogue::watch() {
  constexpr std::uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
  if (!inotify_) return;
  int watches = 0;
  for (const auto& directory : {active_directory(spool_), sealed_directory(spool_)}) {
    if (::inotify_add_watch(inotify_.get(), directory.c_str(), mask) >= 0) ++watches;
  }
  watches_ = watches;
}

base::Status Catalogue::start() {
  stop_event_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  // Without inotify (limits of the system) the rescan alone finds everything, a second later.
  inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!stop_event_) return base::errno_error("create an event for", spool_, errno);
  watch();
  if (auto status = scan(); !status) return status;
  thread_ = std::thread([this] { run(); });
  return base::ok_status();
}

void Catalogue::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_event_.get(), &one, sizeof one);
  thread_.join();
}

void Catalogue::run() {
  bool failed = false;
  while (!stopping_.load(std::memory_order_relaxed)) {
    pollfd waits[2] = {{stop_event_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}};
    const int ready = ::poll(waits, inotify_ ? 2 : 1, kRescanMs);
    const bool has_events = ready > 0 && (waits[1].revents & POLLIN) != 0;
    if (has_events) {
      // What happened does not matter, only that something did.
      char events[4096];
      while (::read(inotify_.get(), events, sizeof events) > 0) {
      }
      active_.settled = sealed_.settled = false;
    }
    if (watches_ < 2) watch();
    const auto status = scan();
    if (!status && !failed) spdlog::error("spool: {}", status.error().message);
    failed = !status.ok();
    if (has_events) ::poll(waits, 1, kScanGapMs);  // Only a stop ends it early.
  }
}

}  // namespace pixel::shipper
