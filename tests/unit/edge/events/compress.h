// SPDX-License-Identifier: Apache-2.0
// Compressed bodies as clients send them, for the tests of the events lane.
#pragma once

#include <gtest/gtest.h>
#include <isa-l/igzip_lib.h>

#include <memory>
#include <string>
#include <string_view>

namespace pixel::edge {

enum class Frame : std::uint16_t { kRaw = IGZIP_DEFLATE, kGzip = IGZIP_GZIP, kZlib = IGZIP_ZLIB };

inline std::string compress(std::string_view text, Frame frame) {
  std::string input(text);
  std::string out(text.size() + text.size() / 8 + 1024, '\0');
  const auto stream = std::make_unique<isal_zstream>();
  isal_deflate_init(stream.get());
  stream->gzip_flag = static_cast<std::uint16_t>(frame);
  stream->end_of_stream = 1;
  stream->next_in = reinterpret_cast<std::uint8_t*>(input.data());
  stream->avail_in = static_cast<std::uint32_t>(input.size());
  stream->next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream->avail_out = static_cast<std::uint32_t>(out.size());
  EXPECT_EQ(isal_deflate(stream.get()), COMP_OK);
  EXPECT_EQ(stream->internal_state.state, ZSTATE_END);
  out.resize(out.size() - stream->avail_out);
  return out;
}

}  // namespace pixel::edge
