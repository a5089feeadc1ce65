// SPDX-License-Identifier: Apache-2.0
// Bytes and content types that routes answer with, by name and by extension. COLD.
#pragma once

#include <array>
#include <filesystem>
#include <string_view>

namespace pixel::edge {

/// `image` of a [[route]]; the last two have no bytes of their own.
inline constexpr std::array<std::string_view, 10> kImageNames{
    "gif",    "gif-nginx", "gif-snowplow", "gif-matomo", "gif-hpx",
    "gif-37", "gif-35",    "png",          "none",       "file"};

struct PresetImage {
  std::string_view bytes;  // Static.
  std::string_view content_type;
};
/// No bytes for "none", "file" and whatever is none of kImageNames.
PresetImage preset_image(std::string_view name);

/// "text/javascript" of "/x/pixel.js"; empty where the extension says nothing to us.
std::string_view content_type_of(const std::filesystem::path& path);

}  // namespace pixel::edge
