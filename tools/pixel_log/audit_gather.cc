// SPDX-License-Identifier: Apache-2.0
// COLD: see audit.h. Reads the spool once: control pages first, then segment by segment.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/file.h"
#include "logfmt/control_page.h"
#include "logfmt/query.h"
#include "logfmt/unescape.h"
#include "tools/pixel_log/audit.h"
#include "tools/pixel_log/load_books.h"
#include "tools/pixel_log/spool_view.h"

namespace pixel::logs {
namespace {

namespace fs = std::filesystem;

// A segment may be sealed between listing and opening: then everything is read again.
constexpr int kAttempts = 5;

void read_control_page(const fs::path& path, AuditBooks& books, AuditResult& result) {
  const auto page = logfmt::ControlPage::open(path);
  if (!page) {
    std::error_code error;
    if (!fs::exists(path, error)) return;  // Its process has just ended and left its ledger.
    result.defects.push_back({DefectKind::kUnreadable, path.filename(), page.error().message, 0});
    return;
  }
  BootBooks boot;
  boot.live = true;
  boot.ledger.node = page->header().node;
  boot.ledger.boot = page->header().boot;
  for (const logfmt::ControlSlot& slot : page->slots()) {
    // Answers before lines: the writer stores them in the other order.
    boot.ledger.answers += slot.answers.load(std::memory_order_acquire);
    boot.ledger.lines += slot.lines.load(std::memory_order_acquire);
    boot.ledger.unlogged += slot.unlogged.load(std::memory_order_relaxed);
    boot.ledger.refused += slot.refused.load(std::memory_order_relaxed);
  }
  for (const logfmt::ControlSlot& slot : page->slots(logfmt::SegmentKind::kEvents)) {
    boot.ledger.events += slot.lines.load(std::memory_order_acquire);
    boot.ledger.events_unlogged += slot.unlogged.load(std::memory_order_relaxed);
  }
  if (page->owner_is_gone()) {
    result.notes.push_back(fmt::format(
        "{}: its process is gone and nobody has recovered its segments yet", path.string()));
  }
  books.boots[{boot.ledger.node, boot.ledger.boot}] = boot;
}

void read_boot_ledger(const fs::path& path, AuditBooks& books, AuditResult& result) {
  const auto bytes = base::read_file(path);
  const auto ledger = bytes.ok() ? logfmt::parse_boot_ledger(*bytes)
                                 : base::Result<logfmt::BootLedger>(bytes.error());
  if (!ledger) {
    result.defects.push_back({DefectKind::kUnreadable, path.filename(), ledger.error().message, 0});
    return;
  }
  books.boots[{ledger->node, ledger->boot}] = {*ledger, false};
}

// The offsets at which sinks stand in `segment`.
std::set<std::uint64_t> positions_in(const logfmt::SegmentId& segment,
                                     const std::vector<SinkHoldings>& sinks) {
  std::set<std::uint64_t> offsets;
  for (const SinkHoldings& sink : sinks) {
    if (!sink.lanes) continue;
    const auto place = sink.lanes->find(segment.lane);
    if (place != sink.lanes->end() && place->second.index == segment.index) {
      offsets.insert(place->second.offset);
    }
  }
  return offsets;
}

std::uint64_t lines_in(std::string_view text) {
  SegmentBooks books;
  std::vector<Defect> ignored;
  count_lines(text.substr(0, text.rfind('\n') + 1), nullptr, books, ignored);
  return books.lines;
}

void add_id(const logfmt::LineTable& table, const logfmt::LineRef& line,
            const std::string& parameter, std::vector<std::uint64_t>& ids) {
  const std::string query = logfmt::unescape(table.field(line, logfmt::Field::kUriQuery));
  const auto value = logfmt::find_query_parameter(query, parameter);
  if (!value) return;
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), id);
  if (error == std::errc() && end == value->data() + value->size()) ids.push_back(id);
}

void read_segment(const AuditInput& input, const logfmt::SegmentId& segment,
                  const SegmentFiles& files, AuditBooks& books, AuditResult& result) {
  BooksVisitor visitor;
  visitor.text = [&](std::string_view text) {
    for (const std::uint64_t offset : positions_in(segment, input.sinks)) {
      const std::string_view before = text.substr(0, std::min<std::uint64_t>(offset, text.size()));
      books.lines_before[{segment, offset}] = lines_in(before);
    }
  };
  if (input.client_ids) {
    visitor.line = [&](const logfmt::LineTable& table, const logfmt::LineRef& line) {
      add_id(table, line, input.client_parameter, books.logged_ids);
    };
  }
  const auto* const cipher = input.cipher ? &*input.cipher : nullptr;
  books.segments[segment] = load_books(segment, files, cipher, result.defects, visitor);
  if (!files.active && !files.manifest) {
    result.defects.push_back(
        {DefectKind::kUnreadable, to_text(segment), "a sealed segment without manifest", 0});
  }
}

// False when a listed file was gone: the spool has moved on.
bool read_all(const AuditInput& input, const SpoolView& view, AuditBooks& books,
              AuditResult& result) {
  for (const auto& path : view.boot_ledgers) read_boot_ledger(path, books, result);
  for (const auto& [segment, files] : view.segments) {
    read_segment(input, segment, files, books, result);
    std::error_code error;
    if (files.active && !fs::exists(*files.data, error)) return false;
    if (files.data && !books.segments[segment].has_data && !fs::exists(*files.data, error)) {
      return false;
    }
  }
  return true;
}

}  // namespace

base::Result<AuditBooks> gather(const AuditInput& input, AuditResult& result) {
  for (int attempt = 1;; ++attempt) {
    AuditBooks books;
    AuditResult read;
    auto before = view_spool(input.spool);
    if (!before) return before.error();
    for (const auto& path : before->control_pages) read_control_page(path, books, read);
    auto view = view_spool(input.spool);
    if (!view) return view.error();
    const bool whole = read_all(input, *view, books, read);
    if (!whole && attempt < kAttempts) continue;
    result.defects = std::move(read.defects);
    result.notes = std::move(read.notes);
    return books;
  }
}

}  // namespace pixel::logs
