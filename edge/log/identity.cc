// SPDX-License-Identifier: Apache-2.0
// COLD: see identity.h.
#include "edge/log/identity.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "base/diagnostics.h"
#include "base/file.h"

namespace pixel::edge {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint32_t> parse_boot(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::uint32_t boot = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), boot);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return boot;
}

base::Result<NodeKey> create_key(const fs::path& path) {
  NodeKey key{};
  if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
    return base::errno_error("draw a key for", path, errno);
  }
  if (path.has_parent_path()) {
    if (auto made = base::create_directories(path.parent_path()); !made) return made.error();
  }
  std::string bytes(key.size(), '\0');
  std::memcpy(bytes.data(), key.data(), key.size());
  if (auto written = base::write_file_atomic(path, bytes, 0600); !written) return written.error();
  return key;
}

void warn_if_readable_by_others(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    spdlog::warn("{} can be read by others than its owner (chmod 600 {})", path.string(),
                 path.string());
  }
}

}  // namespace

base::Result<std::uint32_t> take_boot_number(const Spool& spool, std::int64_t unix_seconds) {
  auto boot = static_cast<std::uint32_t>(std::clamp<std::int64_t>(unix_seconds, 1, UINT32_MAX));
  std::error_code error;
  if (fs::exists(spool.boot_file(), error)) {
    auto text = base::read_file(spool.boot_file());
    if (!text) return text.error();
    const auto stored = parse_boot(*text);
    if (!stored || *stored == UINT32_MAX) {
      return base::Error{fmt::format("{} holds no boot number; remove it if the clock is right",
                                     spool.boot_file().string())};
    }
    boot = std::max(boot, *stored + 1);
  }
  auto written = base::write_file_atomic(spool.boot_file(), fmt::format("{}\n", boot));
  if (!written) return written.error();
  return boot;
}

base::Result<NodeKey> load_or_create_node_key(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return create_key(path);
  auto bytes = base::read_file(path);
  if (!bytes) return bytes.error();
  NodeKey key{};
  if (bytes->size() != key.size()) {
    return base::Error{fmt::format("{} holds {} bytes: a node key has {}", path.string(),
                                   bytes->size(), key.size())};
  }
  std::memcpy(key.data(), bytes->data(), key.size());
  warn_if_readable_by_others(path);
  return key;
}

}  // namespace pixel::edge
