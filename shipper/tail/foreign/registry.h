// SPDX-License-Identifier: Apache-2.0
// The registry of foreign files: the books as an append-only log, kept twice. COLD; one thread.
//
//   <state>/foreign/registry.0 and registry.1, each
//     pixel-shipper-foreign 1 <generation> <hash>
//     <record> <hash>
//     ...
//
// Each hash is the XXH3-64 of the line before it and of the hash of the line above: a changed byte,
// a missing, doubled or moved line shows. A record is used only when it is durable in both files,
// so any damage of one file, a cut at a line's end too, is made good from the other one. When the
// log has become long, a new generation begins with the books as they are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "shipper/tail/foreign/books.h"

namespace pixel::shipper {

class Registry {
 public:
  /// `directory` is created if needed.
  explicit Registry(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Reads the books, mends what one file lacks. An error where neither file is whole: to begin
  /// anew would deliver everything again, so that is the operator's decision.
  base::Result<ForeignBooks> open();

  /// Durable in both files when it returns; after an error, none of the records may be used, and
  /// the same or others may be given again. `books`: as they are with these records applied.
  base::Status append(const std::vector<std::string>& records, const ForeignBooks& books);

  /// After open(): what was wrong and has been mended; "" when nothing was.
  const std::string& damage() const noexcept { return damage_; }

  /// For tests: bytes of a log that start a new generation.
  void set_log_bytes_max(std::uint64_t bytes) { log_bytes_max_ = bytes; }

 private:
  std::filesystem::path file(int which) const;
  base::Status begin_generation(const ForeignBooks& books);
  base::Status write_both(const std::string& text);

  const std::filesystem::path directory_;
  base::UniqueFd files_[2];
  std::uint64_t generation_ = 0;
  std::uint64_t hash_ = 0;         // Of the last line.
  std::uint64_t bytes_ = 0;        // Of each file.
  std::uint64_t begin_bytes_ = 0;  // At the generation's begin.
  std::uint64_t log_bytes_max_ = 4 * 1024 * 1024;
  bool must_begin_ = false;  // A write failed: what lies at the files' ends is not known.
  std::string damage_;
};

}  // namespace pixel::shipper
