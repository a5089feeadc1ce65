// SPDX-License-Identifier: Apache-2.0
// One series of output files, "<stem>-00000001<suffix>" and so on: appended to, cut back to where
// the checkpoint says that it ends. COLD but for append(); one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::shipper {

/// Where a series ends: all files before `number` are whole, of this one `bytes` count.
struct OutputEnd {
  std::uint64_t number = 1;
  std::uint64_t bytes = 0;
  bool operator==(const OutputEnd&) const = default;
};
using OutputEnds = std::map<std::string, OutputEnd>;  // By stem.

/// "clicks=1:0 requests=3:4711", and back; nothing where it is no such text.
std::string to_text(const OutputEnds& ends);
std::optional<OutputEnds> parse_output_ends(std::string_view text);

/// "requests-00000001.jsonl".
std::string output_file_name(std::string_view stem, std::uint64_t number, std::string_view suffix);

class FileOutput {
 public:
  struct Options {
    std::filesystem::path directory;
    std::string stem;
    std::string suffix;
    std::string header;  // The first bytes of every file.
    std::uint64_t max_file_bytes = 0;
    bool sync = true;
  };
  explicit FileOutput(Options options) : options_(std::move(options)) {}

  /// Cuts off what lies beyond `end`. An error where bytes before it are missing. Where the file
  /// begins with another header, of other columns, the next one is begun.
  base::Status cut(const OutputEnd& end);

  /// Begins a batch at the place where cut() or the last keep() left the series; what a failed
  /// batch left there is cut off first.
  base::Status begin();
  /// Appends to the batch's file, which is opened, or begun anew where the last one has its size.
  base::Status append(std::string_view bytes);
  /// Makes the batch's bytes durable, where they are to be.
  base::Status sync();
  /// Where the batch ends.
  const OutputEnd& end() const noexcept { return end_; }
  /// The batch counts.
  void keep() noexcept { kept_ = end_; }

  const OutputEnd& kept() const noexcept { return kept_; }
  const std::string& stem() const noexcept { return options_.stem; }
  std::filesystem::path file(std::uint64_t number) const;

 private:
  base::Status open_file();
  base::Result<bool> has_header() const;
  base::Status write(std::string_view bytes);

  const Options options_;
  base::UniqueFd fd_;
  std::uint64_t open_number_ = 0;    // Of the file behind fd_.
  std::uint64_t flushed_bytes_ = 0;  // Of that file: writing them to the disk was begun.
  bool is_dirty_ = false;            // The batch has appended.
  OutputEnd end_;
  OutputEnd kept_;
};

}  // namespace pixel::shipper
