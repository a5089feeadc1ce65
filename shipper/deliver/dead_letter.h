// SPDX-License-Identifier: Apache-2.0
// Lines that did not become rows, kept with their reason: one JSON object each. Exactly once: the
// file's length is part of the checkpoint, and what lies beyond it is cut off at the start. COLD.
//
//   {"segment":"A0001673F3C2A00300000007","offset":471,"reason":"...","line":"..."}
//
// Bytes of the line other than printable ASCII are written \u00XX, one each: none is lost.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

/// Where a pipeline leaves its dead letters. One sink's thread.
class DeadLetterLog {
 public:
  virtual ~DeadLetterLog() = default;
  /// Cuts to `bytes`, the length that the checkpoint knows. A log that is shorter (an operator
  /// moved it away) goes on from where it is.
  virtual base::Status open(std::uint64_t bytes) = 0;
  /// Appends durably, all or nothing. Returns the new length.
  virtual base::Result<std::uint64_t> append(std::span<const DeadLetter> letters) = 0;
};

class DeadLetterFile : public DeadLetterLog {
 public:
  explicit DeadLetterFile(std::filesystem::path path) : path_(std::move(path)) {}
  base::Status open(std::uint64_t bytes) override;
  base::Result<std::uint64_t> append(std::span<const DeadLetter> letters) override;

 private:
  const std::filesystem::path path_;
  base::UniqueFd fd_;
  std::uint64_t bytes_ = 0;
};

/// One line of the file.
std::string to_json_line(const DeadLetter& letter);

}  // namespace pixel::shipper
