// SPDX-License-Identifier: Apache-2.0
// The key of a node's request ids, from its file: 16 bytes, or 32 hexadecimal digits. COLD.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "logfmt/request_id.h"

namespace pixel::logs {

base::Result<logfmt::RequestIdCipher> load_cipher(const std::filesystem::path& path);

}  // namespace pixel::logs
