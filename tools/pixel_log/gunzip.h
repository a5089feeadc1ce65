// SPDX-License-Identifier: Apache-2.0
// A whole gzip file, of one or several members, as text (RFC 1952). COLD; pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace pixel::logs {

/// An error says what is wrong: no gzip, damaged, cut off. Checksums are checked.
base::Result<std::string> gunzip(std::string_view compressed);

}  // namespace pixel::logs
