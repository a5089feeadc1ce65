// SPDX-License-Identifier: Apache-2.0
// COLD: see unescape.h.
#include "logfmt/unescape.h"

namespace pixel::logfmt {

void unescape_append(std::string_view text, std::string& out) {
  while (true) {
    const std::size_t percent = text.find('%');
    out.append(text.substr(0, percent));
    if (percent == std::string_view::npos) return;
    text.remove_prefix(percent);
    const int byte = leading_percent_byte(text);
    out += byte >= 0 ? static_cast<char>(byte) : '%';
    text.remove_prefix(byte >= 0 ? 3 : 1);
  }
}

std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  unescape_append(text, out);
  return out;
}

}  // namespace pixel::logfmt
