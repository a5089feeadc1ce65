// SPDX-License-Identifier: Apache-2.0
// pixel.js, our tracker: its source and how it is used are in tracker/. Constants only.
#pragma once

#include <string_view>

namespace pixel::edge {

/// Static. Less than 1.5 KB when compressed.
extern const std::string_view kTrackerScript;

}  // namespace pixel::edge
