// SPDX-License-Identifier: Apache-2.0
// See source_options.h.
#include "shipper/tail/foreign/source_options.h"

#include <algorithm>
#include <array>
#include <set>

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 2> kKinds = {"cloudfront", "tail"};
constexpr std::array<std::string_view, 2> kStarts = {"beginning", "end"};
constexpr std::uint64_t kDayNs = 24 * 3600 * base::kSecondNs;

bool is_source_name(std::string_view name) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 63 && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(), is_part);
}

bool is_within(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const auto inner = path.lexically_normal();
  const auto outer = folder.lexically_normal();
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// A path whose last part has wildcards is a folder and a pattern.
void read_path(base::ConfigSection& section, const std::vector<std::filesystem::path>& reserved,
               SourceOptions& source) {
  std::filesystem::path path;
  section.read("path", path);
  if (path.empty() || !path.is_absolute()) {
    section.fail("path", "an absolute path of a folder, or of files with wildcards");
    return;
  }
  constexpr const char* wildcards = "*?[";
  if (path.filename().string().find_first_of(wildcards) != std::string::npos) {
    source.pattern = path.filename().string();
    path = path.parent_path();
  }
  if (!path.has_filename()) path = path.parent_path();
  if (path.string().find_first_of(wildcards) != std::string::npos) {
    section.fail("path", "wildcards in the last part only");
  }
  for (const auto& own : reserved) {
    if (is_within(own, path) || is_within(path, own)) {
      section.fail("path", "a folder apart from the shipper's own " + own.string());
    }
  }
  source.directory = path;
}

SourceOptions read_source(base::ConfigSection& section, std::set<std::string>& names,
                          const std::vector<std::filesystem::path>& reserved) {
  SourceOptions source;
  section.read("name", source.name);
  if (!is_source_name(source.name)) {
    section.fail("name", "a name of lower case letters, digits, '_' and '-'");
  } else if (!names.insert(source.name).second) {
    section.fail("name", "a name that no other source has");
  }
  std::size_t kind = 0;
  if (section.has("kind")) {
    section.read_choice("kind", kKinds, kind);
  } else {
    section.fail("kind", "\"cloudfront\" or \"tail\"");
  }
  source.kind = kind == 0 ? SourceKind::kCloudfront : SourceKind::kTail;
  source.recursive = source.kind == SourceKind::kCloudfront;
  read_path(section, reserved, source);
  std::size_t start = 0;
  section.read("recursive", source.recursive);
  section.read_choice("start", kStarts, start);
  source.from_end = start == 1;
  section.read_duration("settle", source.settle_ns, {100 * base::kMillisecondNs, kDayNs});
  section.read_duration("rescan", source.rescan_ns, {100 * base::kMillisecondNs, kDayNs});
  section.read_duration("delete_after", source.delete_after_ns, {base::kSecondNs, UINT64_MAX});
  section.read_duration("remember", source.remember_ns, {kDayNs / 24, UINT64_MAX});
  section.finish();
  return source;
}

}  // namespace

std::vector<SourceOptions> read_sources(base::ConfigSection& root,
                                        const std::vector<std::filesystem::path>& reserved) {
  std::vector<SourceOptions> sources;
  std::set<std::string> names;
  for (base::ConfigSection& section : root.sections("source")) {
    sources.push_back(read_source(section, names, reserved));
  }
  return sources;
}

}  // namespace pixel::shipper
