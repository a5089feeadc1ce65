// SPDX-License-Identifier: Apache-2.0
// Gzip members (RFC 1952) of texts that come once in a while, and back. COLD: who makes many of
// them keeps a GzipEncoder.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace pixel::shipper {

/// As GzipEncoder::encode.
base::Result<std::string> gzip_member(std::string_view text);

/// All members of a file's content, as one text.
base::Result<std::string> gunzip(std::string_view compressed);

}  // namespace pixel::shipper
