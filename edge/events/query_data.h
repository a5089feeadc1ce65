// SPDX-License-Identifier: Apache-2.0
// The `data` parameter of a pixel's query. HOT by thread; pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pixel::edge {

/// The raw value of the first parameter named `data` (empty where it has none); nothing where there
/// is no such parameter. A view into `query`, which has no question mark.
std::optional<std::string_view> find_data_parameter(std::string_view query) noexcept;

/// Percent-decodes `raw` and returns the bytes written, at most raw.size(). Base64 has no space:
/// one (a plus sign that a form decoder has been at) becomes a plus sign again. A % without two
/// digits stays as it is.
std::size_t decode_parameter(std::string_view raw, char* out) noexcept;

}  // namespace pixel::edge
