// SPDX-License-Identifier: Apache-2.0
// Which files of a lake went to S3, or are on their way: an append-only file. COLD; one thread at a
// time.
//
//   _pixeledge/uploads.log:  <XXH3-64 of the rest> begin|done <partition>/<name>
//
// Invariants:
//  1. A file's "begin" is durable before its first byte is sent: from then on no merge takes it.
//  2. "done" follows its last byte. A file without it is sent again, which finds it there.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::shipper::lake {

class UploadLog {
 public:
  explicit UploadLog(std::filesystem::path path) : path_(std::move(path)) {}

  /// By "<partition>/<name>": true where it is done.
  using Files = std::map<std::string, bool>;
  struct Loaded {
    Files files;
    bool is_damaged = false;  // A line within it cannot be read: files may be missing.
  };
  /// Reads it and makes room for more; a line cut off at its end is forgotten.
  base::Result<Loaded> open();
  /// Replaces it by these.
  base::Status rewrite(const Files& files);
  /// Durable when it returns. After an error the line may be there or not.
  base::Status add(std::string_view file, bool is_done);

 private:
  base::Status open_end();

  const std::filesystem::path path_;
  base::UniqueFd fd_;
};

/// Pure: what the text of such a file says.
UploadLog::Loaded parse_upload_log(std::string_view text);

}  // namespace pixel::shipper::lake
