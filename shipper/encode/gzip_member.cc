// SPDX-License-Identifier: Apache-2.0
// See gzip_member.h. COLD.
#include "shipper/encode/gzip_member.h"

#include <isa-l/igzip_lib.h>

#include <cstdint>
#include <memory>

#include "shipper/encode/gzip_encoder.h"

namespace pixel::shipper {
namespace {

// ISA-L takes input by a pointer to non-const and does not write to it.
std::uint8_t* input_of(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

constexpr std::size_t kOutputStepBytes = 256 * 1024;

}  // namespace

base::Result<std::string> gzip_member(std::string_view text) {
  GzipEncoder encoder;
  const auto member = encoder.encode(text);
  if (!member) return member.error();
  return std::string(*member);
}

base::Result<std::string> gunzip(std::string_view compressed) {
  auto state = std::make_unique<inflate_state>();
  isal_inflate_init(state.get());
  state->next_in = input_of(compressed);
  state->avail_in = static_cast<std::uint32_t>(compressed.size());
  std::string out;
  while (state->avail_in > 0) {
    isal_inflate_reset(state.get());
    state->crc_flag = ISAL_GZIP;
    while (state->block_state != ISAL_BLOCK_FINISH) {
      const std::size_t used = out.size();
      out.resize(used + kOutputStepBytes);
      state->next_out = reinterpret_cast<std::uint8_t*>(out.data() + used);
      state->avail_out = kOutputStepBytes;
      if (isal_inflate(state.get()) != ISAL_DECOMP_OK) return base::Error{"gzip: damaged"};
      const std::size_t got = kOutputStepBytes - state->avail_out;
      out.resize(used + got);
      const bool is_cut = got == 0 && state->avail_in == 0;
      if (is_cut && state->block_state != ISAL_BLOCK_FINISH) return base::Error{"gzip: cut off"};
    }
  }
  return out;
}

}  // namespace pixel::shipper
