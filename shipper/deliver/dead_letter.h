// SPDX-License-Identifier: Apache-2.0
// Lines that did not become rows, kept with their reason: one JSON object each. Exactly once: the
// file's length is part of the checkpoint, and what lies beyond it is cut off at the start. COLD.
//
//   {"segment":"A0001673F3C2A00300000007","offset":471,"reason":"...","line":"..."}
//
// A row that the destination refused has its "table" before the reason; other tables may hold what
// else the line became. Bytes of the line other than printable ASCII are written \u00XX, one each:
// none is lost, and reading gives exactly the bytes of the log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/state/file_system.h"

namespace pixel::shipper {

/// Where a pipeline leaves its dead letters. One sink's thread.
class DeadLetterLog {
 public:
  virtual ~DeadLetterLog() = default;
  /// Cuts to `bytes`, the length that the checkpoint knows. A log that is shorter (an operator
  /// moved it away) goes on from where it is. May be called again, to take letters back.
  virtual base::Status open(std::uint64_t bytes) = 0;
  /// Appends durably, all or nothing. Returns the new length.
  virtual base::Result<std::uint64_t> append(std::span<const DeadLetter> letters) = 0;
};

class DeadLetterFile : public DeadLetterLog {
 public:
  explicit DeadLetterFile(std::filesystem::path path, FileSystem& files = real_file_system())
      : path_(std::move(path)), files_(files) {}
  base::Status open(std::uint64_t bytes) override;
  base::Result<std::uint64_t> append(std::span<const DeadLetter> letters) override;

 private:
  const std::filesystem::path path_;
  FileSystem& files_;
  std::unique_ptr<StateFile> file_;
  std::uint64_t bytes_ = 0;
};

/// One line of the file.
std::string to_json_line(const DeadLetter& letter);

/// Reads one line of the file, with or without its newline, for `dlq list` and `dlq replay`: an
/// error for whatever to_json_line() would not have written.
base::Result<DeadLetter> parse_dead_letter(std::string_view json_line);

}  // namespace pixel::shipper
