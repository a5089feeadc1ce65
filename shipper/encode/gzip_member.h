// SPDX-License-Identifier: Apache-2.0
// One gzip member of a piece of text (RFC 1952), by ISA-L. COLD: one call per batch.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace pixel::shipper {

/// The same bytes for the same text: no time, no name.
base::Result<std::string> gzip_member(std::string_view text);

/// All members of a file's content, as one text.
base::Result<std::string> gunzip(std::string_view compressed);

}  // namespace pixel::shipper
