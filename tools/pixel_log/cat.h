// SPDX-License-Identifier: Apache-2.0
// pixel-log cat: the lines of segments, in order. COLD.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logfmt/request_id.h"
#include "logfmt/segment_name.h"
#include "tools/pixel_log/spool_view.h"

namespace pixel::logs {

enum class CatFormat : std::uint8_t {
  kLines,     // As they are, with the header lines once.
  kOldLines,  // The same, cut to the 26 fields of before 2019.
  kJson,      // One object per line, fields by their names, decoded.
  kIds,       // Lane, sequence and request id, separated by tabs.
};

/// Which lanes to print. Event lines are printed as they are in every format.
enum class CatKind : std::uint8_t { kBoth, kAccess, kEvents };

/// Takes finished text; false ends the printing (the reader has gone).
using Print = std::function<bool(std::string_view)>;

class Cat {
 public:
  /// `cipher` may be null unless the format is kIds. REQUIRES: it outlives this.
  Cat(CatFormat format, const logfmt::RequestIdCipher* cipher, Print print,
      CatKind kind = CatKind::kBoth);

  /// Prints what of the paths has not been printed yet, in the order of the paths and, in each, of
  /// the segments. Called again it goes on: that is how to follow.
  base::Status print_new(const std::vector<std::filesystem::path>& paths);
  bool reader_is_gone() const noexcept { return gone_; }
  /// Files of other names in which no line is one of a log.
  const std::set<std::filesystem::path>& no_logs() const noexcept { return no_logs_; }

 private:
  base::Status print_segment(const logfmt::SegmentId& segment, const SegmentFiles& files);
  base::Status print_file(const std::filesystem::path& path);
  void print_text(std::string_view text, logfmt::SegmentKind kind);
  void print_access(std::string_view text);
  void print_header();
  void print_events(std::string_view text);

  CatFormat format_;
  const logfmt::RequestIdCipher* cipher_;
  Print print_;
  CatKind kind_;
  bool header_printed_ = false;
  bool gone_ = false;
  std::map<logfmt::SegmentId, std::uint64_t> printed_bytes_;
  std::map<std::filesystem::path, std::uint64_t> printed_file_bytes_;
  std::set<std::filesystem::path> no_logs_;
};

}  // namespace pixel::logs
