// SPDX-License-Identifier: Apache-2.0
// COLD: see books.h.
#include "edge/log/books.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"

namespace pixel::edge {
namespace {

bool has_content(const std::filesystem::path& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  return !error && bytes > 0;
}

namespace fs = std::filesystem;

// A page that ControlPage refuses: locked by an owner that is only just making it, of another
// version, or damaged (a power loss may leave zeros).
Life::State classify_unfit(const fs::path& path) {
  const auto fd = base::open_file(path, O_RDONLY);
  if (!fd) return Life::State::kForeign;
  if (::flock(fd->get(), LOCK_SH | LOCK_NB) != 0) return Life::State::kLives;
  logfmt::ControlHeader header{};
  const ssize_t count = ::pread(fd->get(), &header, sizeof header, 0);
  const bool whole = count == static_cast<ssize_t>(sizeof header);
  const bool is_known = header.version >= 1 && header.version <= logfmt::kControlVersion;
  const bool foreign = whole && header.magic == logfmt::kControlMagic && !is_known;
  return foreign ? Life::State::kForeign : Life::State::kGone;
}

Life read_life(const Spool& spool, const std::string& name, std::vector<std::string>& problems) {
  Life life;
  life.page_name = name;
  const fs::path path = spool.active() / name;
  const auto page = logfmt::ControlPage::open(path);
  if (page) {
    life.state = page->owner_is_gone() ? Life::State::kGone : Life::State::kLives;
    life.books = add_up(*page, false);
    return life;
  }
  life.state = classify_unfit(path);
  if (life.state == Life::State::kForeign) {
    problems.push_back(fmt::format("{}; its segments are left alone", page.error().message));
  } else if (life.state == Life::State::kGone && has_content(path)) {
    problems.push_back(fmt::format("{}; that process's answers are unknown, its lines are not lost",
                                   page.error().message));
  }
  return life;
}

}  // namespace

std::map<LifeId, Life> read_control_pages(const Spool& spool,
                                          const std::vector<std::string>& active_names,
                                          std::vector<std::string>& problems) {
  std::map<LifeId, Life> lives;
  for (const std::string& name : active_names) {
    if (const auto id = logfmt::parse_control_file_name(name)) {
      lives.emplace(LifeId{id->node, id->boot}, read_life(spool, name, problems));
    }
  }
  return lives;
}

logfmt::BootLedger add_up(const logfmt::ControlPage& page, bool clean) {
  logfmt::BootLedger books;
  books.node = page.header().node;
  books.boot = page.header().boot;
  books.clean = clean;
  for (const logfmt::ControlSlot& slot : page.slots(logfmt::SegmentKind::kAccess)) {
    // acquire; pairs with the worker's release. Answers first: they are stored after lines, so that
    // a page read while its owner writes never shows more answers than lines.
    books.answers += slot.answers.load(std::memory_order_acquire);
    books.lines += slot.lines.load(std::memory_order_acquire);
    books.unlogged += slot.unlogged.load(std::memory_order_acquire);
    books.refused += slot.refused.load(std::memory_order_acquire);
  }
  for (const logfmt::ControlSlot& slot : page.slots(logfmt::SegmentKind::kEvents)) {
    books.events += slot.lines.load(std::memory_order_acquire);
    books.events_unlogged += slot.unlogged.load(std::memory_order_acquire);
  }
  return books;
}

base::Status close_books(const Spool& spool, const logfmt::BootLedger& books,
                         const std::string& page_name) {
  const fs::path path = spool.sealed() / logfmt::boot_ledger_file_name(books.node, books.boot);
  const auto present = base::read_file(path);
  if (!present || !logfmt::parse_boot_ledger(*present)) {
    auto written = base::write_file_atomic(path, to_json(books));
    if (!written) return written;
  }
  const fs::path page = spool.active() / page_name;
  if (::unlink(page.c_str()) != 0 && errno != ENOENT) {
    return base::errno_error("remove", page, errno);
  }
  return base::sync_directory(spool.active());
}

}  // namespace pixel::edge
