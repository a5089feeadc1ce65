// SPDX-License-Identifier: Apache-2.0
// COLD: see gunzip.h. isa-l inflates several times faster than zlib.
#include "tools/pixel_log/gunzip.h"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <memory>

namespace pixel::logs {
namespace {

constexpr std::size_t kStepBytes = 1 << 20;

base::Error damaged(std::size_t position, std::string_view cause) {
  return {fmt::format("gzip: {} at byte {}", cause, position)};
}

}  // namespace

base::Result<std::string> gunzip(std::string_view compressed) {
  std::string text;
  const auto state = std::make_unique<inflate_state>();
  std::string input(compressed);  // isa-l takes no const bytes.
  std::size_t position = 0;
  while (position < input.size()) {
    isal_inflate_init(state.get());
    state->crc_flag = ISAL_GZIP;
    state->next_in = reinterpret_cast<std::uint8_t*>(input.data() + position);
    state->avail_in =
        static_cast<std::uint32_t>(std::min<std::size_t>(input.size() - position, UINT32_MAX));
    const std::uint32_t offered = state->avail_in;
    while (state->block_state != ISAL_BLOCK_FINISH) {
      const std::size_t held = text.size();
      text.resize(held + kStepBytes);
      state->next_out = reinterpret_cast<std::uint8_t*>(text.data() + held);
      state->avail_out = kStepBytes;
      const int error = isal_inflate(state.get());
      text.resize(text.size() - state->avail_out);
      if (error != ISAL_DECOMP_OK) {
        return damaged(position + offered - state->avail_in, "damaged");
      }
      const bool stuck = state->avail_in == 0 && state->avail_out != 0;
      if (stuck && state->block_state != ISAL_BLOCK_FINISH) return damaged(input.size(), "cut off");
    }
    position += offered - state->avail_in;
  }
  return text;
}

}  // namespace pixel::logs
