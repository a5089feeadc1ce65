// SPDX-License-Identifier: Apache-2.0
// COLD: see control_page.h for the layout and who may touch what.
#include "logfmt/control_page.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

#include "base/assert.h"
#include "base/clock.h"
#include "base/file.h"

namespace pixel::logfmt {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kLanesPerWorkerMax = 2;

std::size_t page_bytes(std::size_t slot_count) {
  return sizeof(ControlHeader) + slot_count * sizeof(ControlSlot);
}

constexpr std::size_t kSlotsMax = std::size_t{kLanesPerWorkerMax} * UINT16_MAX;

std::size_t lanes_of(const ControlHeader& header) {
  return header.version == 1 ? 1 : header.lanes_per_worker;
}

base::Error unfit(const fs::path& path, std::string_view cause) {
  return base::Error{fmt::format("{} is not a control page: {}", path.string(), cause)};
}

int lock_file(int fd, int operation) {
  int result = 0;
  do {
    result = ::flock(fd, operation);
  } while (result != 0 && errno == EINTR);
  return result;
}

// Real blocks, so that a full disk is an error here and not a SIGBUS in a worker. File systems
// without fallocate get the size alone.
int reserve(int fd, std::size_t bytes) {
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0) return errno;
  if (::fallocate(fd, 0, 0, static_cast<off_t>(bytes)) == 0) return 0;
  return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : errno;
}

base::Result<void*> map_shared(int fd, std::size_t bytes, int protection, const fs::path& path) {
  void* const memory = ::mmap(nullptr, bytes, protection, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return base::errno_error("map", path, errno);
  return memory;
}

// The magic is the last word stored: who reads it with acquire reads a complete header.
void write_header(void* memory, std::uint16_t node, std::uint32_t boot, std::uint16_t workers,
                  std::uint16_t lanes) {
  auto* const header = new (memory) ControlHeader{};
  header->version = kControlVersion;
  header->boot = boot;
  header->node = node;
  header->worker_count = workers;
  header->lanes_per_worker = lanes;
  header->pid = static_cast<std::uint32_t>(::getpid());
  header->started_at = static_cast<std::int64_t>(base::realtime_ns() / 1'000'000'000);
  auto* const slots = static_cast<std::byte*>(memory) + sizeof(ControlHeader);
  const std::size_t slot_count = std::size_t{workers} * lanes;
  for (std::size_t i = 0; i < slot_count; ++i) new (slots + i * sizeof(ControlSlot)) ControlSlot{};
  // release; pairs with the acquire in check_header.
  std::atomic_ref<std::uint64_t>(header->magic).store(kControlMagic, std::memory_order_release);
}

std::string check_header(void* memory, std::size_t bytes) {
  auto* const header = static_cast<ControlHeader*>(memory);
  // acquire; pairs with write_header's release.
  const std::uint64_t magic =
      std::atomic_ref<std::uint64_t>(header->magic).load(std::memory_order_acquire);
  if (magic != kControlMagic) return "its magic number is another";
  if (header->version == 0 || header->version > kControlVersion) {
    return fmt::format("format version {}, this program reads 1 to {}", header->version,
                       kControlVersion);
  }
  const std::size_t lanes = lanes_of(*header);
  const bool fits = lanes >= 1 && lanes <= kLanesPerWorkerMax && header->worker_count > 0 &&
                    page_bytes(lanes * header->worker_count) == bytes;
  if (!fits) {
    return fmt::format("{} bytes do not fit {} workers with {} lanes", bytes, header->worker_count,
                       lanes);
  }
  return {};
}

}  // namespace

base::Result<ControlPage> ControlPage::create(const fs::path& path, std::uint16_t node,
                                              std::uint32_t boot, std::uint16_t worker_count,
                                              std::uint16_t lanes_per_worker) {
  CHECK(worker_count > 0 && lanes_per_worker >= 1 && lanes_per_worker <= kLanesPerWorkerMax);
  auto fd = base::open_file(path, O_RDWR | O_CREAT | O_EXCL);
  if (!fd) return fd.error();
  // Locked while still empty: a reader takes no page for orphaned that is only just being made.
  int error = lock_file(fd->get(), LOCK_EX) == 0 ? 0 : errno;
  const std::size_t bytes = page_bytes(std::size_t{worker_count} * lanes_per_worker);
  if (error == 0) error = reserve(fd->get(), bytes);
  if (error != 0) {
    ::unlink(path.c_str());
    return base::errno_error("create", path, error);
  }
  auto memory = map_shared(fd->get(), bytes, PROT_READ | PROT_WRITE, path);
  if (!memory) {
    ::unlink(path.c_str());
    return memory.error();
  }
  write_header(*memory, node, boot, worker_count, lanes_per_worker);
  return ControlPage(std::move(*fd), *memory, bytes, true);
}

base::Result<ControlPage> ControlPage::open(const fs::path& path) {
  auto fd = base::open_file(path, O_RDONLY);
  if (!fd) return fd.error();
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0) return base::errno_error("read", path, errno);
  if (!S_ISREG(info.st_mode)) return unfit(path, "not a regular file");
  const auto bytes = static_cast<std::size_t>(info.st_size);
  if (bytes < page_bytes(1) || bytes > page_bytes(kSlotsMax)) {
    return unfit(path, fmt::format("it has {} bytes", bytes));
  }
  auto memory = map_shared(fd->get(), bytes, PROT_READ, path);
  if (!memory) return memory.error();
  ControlPage page(std::move(*fd), *memory, bytes, false);
  if (const std::string cause = check_header(*memory, bytes); !cause.empty()) {
    return unfit(path, cause);
  }
  return page;
}

ControlPage::ControlPage(base::UniqueFd fd, void* memory, std::size_t bytes, bool writable) noexcept
    : fd_(std::move(fd)), memory_(memory), bytes_(bytes), writable_(writable) {}

ControlPage::ControlPage(ControlPage&& other) noexcept
    : fd_(std::move(other.fd_)),
      memory_(std::exchange(other.memory_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      writable_(other.writable_) {}

ControlPage& ControlPage::operator=(ControlPage&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(memory_, other.memory_);
  std::swap(bytes_, other.bytes_);
  std::swap(writable_, other.writable_);
  return *this;
}

ControlPage::~ControlPage() {
  if (memory_ != nullptr) ::munmap(memory_, bytes_);
}

const ControlHeader& ControlPage::header() const noexcept {
  return *static_cast<const ControlHeader*>(memory_);
}

std::span<const ControlSlot> ControlPage::slots(SegmentKind kind) const noexcept {
  const std::size_t workers = header().worker_count;
  const auto* const first = reinterpret_cast<const ControlSlot*>(
      static_cast<const std::byte*>(memory_) + sizeof(ControlHeader));
  if (kind == SegmentKind::kAccess) return {first, workers};
  if (lanes_of(header()) < kLanesPerWorkerMax) return {};
  return {first + workers, workers};
}

const ControlSlot* ControlPage::find_slot(const LaneId& lane) const noexcept {
  if (lane.node != header().node || lane.boot != header().boot) return nullptr;
  const auto of_kind = slots(lane.kind);
  return lane.worker < of_kind.size() ? &of_kind[lane.worker] : nullptr;
}

ControlSlot& ControlPage::slot(SegmentKind kind, std::size_t worker) noexcept {
  const auto of_kind = slots(kind);
  CHECK(writable_ && worker < of_kind.size());
  return const_cast<ControlSlot&>(of_kind[worker]);
}

bool ControlPage::owner_is_gone() const {
  CHECK(!writable_);
  // A shared lock on an open file description of our own: two readers that ask at once do not take
  // each other for the owner.
  if (lock_file(fd_.get(), LOCK_SH | LOCK_NB) != 0) return false;
  lock_file(fd_.get(), LOCK_UN);
  return true;
}

}  // namespace pixel::logfmt
