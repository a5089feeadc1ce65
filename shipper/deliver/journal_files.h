// SPDX-License-Identifier: Apache-2.0
// The files of a journal: for its reader and its writer only. COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "shipper/deliver/journal.h"

namespace pixel::shipper {

/// "journal.00000007"
std::string journal_file_name(std::uint64_t generation);

/// Those that are there, ascending.
base::Result<std::vector<std::uint64_t>> journal_generations(
    FileSystem& files, const std::filesystem::path& directory);

/// As far as the newest generation can be followed, else what the one before it ended with.
base::Result<JournalReading> read_sure_part(FileSystem& files,
                                            const std::filesystem::path& directory);

}  // namespace pixel::shipper
