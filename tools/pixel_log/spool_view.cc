// SPDX-License-Identifier: Apache-2.0
// COLD: see spool_view.h.
#include "tools/pixel_log/spool_view.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "logfmt/manifest.h"
#include "logfmt/segment_scan.h"
#include "tools/pixel_log/gunzip.h"

namespace pixel::logs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 256 * 1024;

bool is_other_log(std::string_view name) {
  return name.ends_with(".log") || name.ends_with(".gz") || name.ends_with(".tsv") ||
         name.ends_with(".ndjson");
}

void add_sealed(const fs::path& path, const logfmt::SealedName& name, SpoolView& view) {
  SegmentFiles& files = view.segments[name.segment];
  if (name.type == logfmt::SealedName::Type::kManifest) {
    files.manifest = path;
  } else if (!files.data || files.active || name.type == logfmt::SealedName::Type::kData) {
    files.data = path;
    files.active = false;
  }
}

void add_file(const fs::path& path, SpoolView& view) {
  const std::string name = path.filename();
  if (const auto sealed = logfmt::parse_sealed_file_name(name)) {
    add_sealed(path, *sealed, view);
  } else if (const auto active = logfmt::parse_active_file_name(name)) {
    SegmentFiles& files = view.segments[*active];
    if (files.data) return;
    files.data = path;
    files.active = true;
  } else if (logfmt::is_boot_ledger_file_name(name)) {
    view.boot_ledgers.push_back(path);
  } else if (logfmt::parse_control_file_name(name)) {
    view.control_pages.push_back(path);
  } else if (is_other_log(name)) {
    view.other_logs.push_back(path);
  }
}

}  // namespace

base::Status add_directory(const fs::path& directory, SpoolView& view) {
  const auto names = base::list_directory(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) add_file(directory / name, view);
  return base::ok_status();
}

base::Result<SpoolView> view_spool(const fs::path& root) {
  SpoolView view;
  base::Status status = add_directory(root / "active", view);
  if (status.ok()) status = add_directory(root / "sealed", view);
  if (!status) return status.error();
  return view;
}

base::Status add_path(const fs::path& path, SpoolView& view) {
  std::error_code error;
  if (!fs::exists(path, error)) return base::errno_error("open", path, ENOENT);
  if (!fs::is_directory(path, error)) {
    const std::size_t known = view.segments.size() + view.other_logs.size();
    add_file(path, view);
    const bool taken = view.segments.size() + view.other_logs.size() > known;
    if (!taken) view.other_logs.push_back(path);
    return base::ok_status();
  }
  if (!fs::is_directory(path / "sealed", error)) return add_directory(path, view);
  if (base::Status status = add_directory(path / "active", view); !status) return status;
  return add_directory(path / "sealed", view);
}

void add_manifest_beside(const fs::path& path, SpoolView& view) {
  auto name = logfmt::parse_sealed_file_name(path.filename().string());
  if (!name) return;
  name->type = logfmt::SealedName::Type::kManifest;
  const fs::path manifest = path.parent_path() / logfmt::sealed_file_name(*name);
  std::error_code error;
  if (fs::exists(manifest, error)) view.segments[name->segment].manifest = manifest;
}

base::Result<std::string> read_text(const fs::path& path, bool active) {
  if (active) return read_published_from(path, 0);
  auto bytes = base::read_file(path);
  if (!bytes || path.extension() != ".gz") return bytes;
  auto text = gunzip(*bytes);
  if (!text) return base::Error{path.string() + ": " + text.error().message};
  return text;
}

base::Result<std::string> read_published_from(const fs::path& path, std::uint64_t offset) {
  auto fd = base::open_file(path, O_RDONLY);
  if (!fd) return fd.error();
  std::string text;
  bool at_end = false;
  while (!at_end) {
    const std::size_t held = text.size();
    text.resize(held + kReadBytes);
    const ssize_t got =
        ::pread(fd->get(), text.data() + held, kReadBytes, static_cast<off_t>(offset + held));
    if (got < 0 && errno != EINTR) return base::errno_error("read", path, errno);
    text.resize(held + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    at_end = got == 0 || text.find('\0', held) != std::string::npos;
  }
  text.resize(logfmt::published_bytes(text));
  return text;
}

std::size_t cut_torn_tail(std::string& text) {
  const std::size_t newline = text.rfind('\n');
  const std::size_t whole = newline == std::string::npos ? 0 : newline + 1;
  const std::size_t torn = text.size() - whole;
  text.resize(whole);
  return torn;
}

}  // namespace pixel::logs
