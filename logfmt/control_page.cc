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
#include "logfmt/format.h"

namespace pixel::logfmt {
namespace {

namespace fs = std::filesystem;

std::size_t page_bytes(std::size_t worker_count) {
  return sizeof(ControlHeader) + worker_count * sizeof(ControlSlot);
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
void write_header(void* memory, std::uint16_t node, std::uint32_t boot, std::uint16_t workers) {
  auto* const header = new (memory) ControlHeader{};
  header->version = kFormatVersion;
  header->boot = boot;
  header->node = node;
  header->worker_count = workers;
  header->pid = static_cast<std::uint32_t>(::getpid());
  header->started_at = static_cast<std::int64_t>(base::realtime_ns() / 1'000'000'000);
  auto* const slots = static_cast<std::byte*>(memory) + sizeof(ControlHeader);
  for (std::size_t i = 0; i < workers; ++i) new (slots + i * sizeof(ControlSlot)) ControlSlot{};
  // release; pairs with the acquire in check_header.
  std::atomic_ref<std::uint64_t>(header->magic).store(kControlMagic, std::memory_order_release);
}

std::string check_header(void* memory, std::size_t bytes) {
  auto* const header = static_cast<ControlHeader*>(memory);
  // acquire; pairs with write_header's release.
  const std::uint64_t magic =
      std::atomic_ref<std::uint64_t>(header->magic).load(std::memory_order_acquire);
  if (magic != kControlMagic) return "its magic number is another";
  if (header->version != kFormatVersion) {
    return fmt::format("format version {}, this program reads {}", header->version, kFormatVersion);
  }
  if (header->worker_count == 0 || page_bytes(header->worker_count) != bytes) {
    return fmt::format("{} bytes do not fit {} workers", bytes, header->worker_count);
  }
  return {};
}

}  // namespace

base::Result<ControlPage> ControlPage::create(const fs::path& path, std::uint16_t node,
                                              std::uint32_t boot, std::uint16_t worker_count) {
  CHECK(worker_count > 0);
  auto fd = base::open_file(path, O_RDWR | O_CREAT | O_EXCL);
  if (!fd) return fd.error();
  // Locked while still empty: a reader takes no page for orphaned that is only just being made.
  int error = lock_file(fd->get(), LOCK_EX) == 0 ? 0 : errno;
  const std::size_t bytes = page_bytes(worker_count);
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
  write_header(*memory, node, boot, worker_count);
  return ControlPage(std::move(*fd), *memory, bytes, true);
}

base::Result<ControlPage> ControlPage::open(const fs::path& path) {
  auto fd = base::open_file(path, O_RDONLY);
  if (!fd) return fd.error();
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0) return base::errno_error("read", path, errno);
  if (!S_ISREG(info.st_mode)) return unfit(path, "not a regular file");
  const auto bytes = static_cast<std::size_t>(info.st_size);
  if (bytes < page_bytes(1) || bytes > page_bytes(UINT16_MAX)) {
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

std::span<const ControlSlot> ControlPage::slots() const noexcept {
  const void* const first = static_cast<const std::byte*>(memory_) + sizeof(ControlHeader);
  return {static_cast<const ControlSlot*>(first), header().worker_count};
}

ControlSlot& ControlPage::slot(std::size_t worker) noexcept {
  CHECK(writable_ && worker < header().worker_count);
  void* const first = static_cast<std::byte*>(memory_) + sizeof(ControlHeader);
  return static_cast<ControlSlot*>(first)[worker];
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
