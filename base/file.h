// SPDX-License-Identifier: Apache-2.0
// Whole files and directories, with errors that name the path and the cause. COLD: blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::base {

/// "cannot open /x/y: No such file or directory" for the errno given.
Error errno_error(std::string_view action, const std::filesystem::path& path, int error_number);

/// open(2) with O_CLOEXEC added.
Result<UniqueFd> open_file(const std::filesystem::path& path, int flags, unsigned mode = 0644);

/// The whole content of a regular file.
Result<std::string> read_file(const std::filesystem::path& path);

/// write(2) until all of `bytes` is in the file.
Status write_all(int fd, std::string_view bytes, const std::filesystem::path& path);

/// Replaces `path` so that after a crash or power loss it holds either the old or the new bytes:
/// "<path>.tmp", fdatasync, rename, directory fsync. One writer at a time for a path. Where it
/// fails before the rename, nothing is left behind.
Status write_file_atomic(const std::filesystem::path& path, std::string_view bytes,
                         unsigned mode = 0644);

/// fsync(2) of a directory: makes the names in it durable.
Status sync_directory(const std::filesystem::path& directory);

/// Creates the directory and its parents; fine when it exists.
Status create_directories(const std::filesystem::path& directory);

/// Whether this process could make and change files in the directory, or make the directory where
/// there is none yet. Changes nothing.
Status check_writable(const std::filesystem::path& directory);

/// The file names (not paths) in a directory, sorted; an error when it cannot be read.
Result<std::vector<std::string>> list_directory(const std::filesystem::path& directory);

}  // namespace pixel::base
