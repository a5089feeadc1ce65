// SPDX-License-Identifier: Apache-2.0
// Any bytes as a chunked body. The first byte chooses the pieces, the second the limit. Checked on
// each input: what body_pieces.h says, and that a body that was taken, put into one chunk, is taken
// as the same body.
#include <cstdio>

#include "tests/fuzz/body_pieces.h"

namespace pixel::edge {
namespace {

std::string one_chunk(std::string_view body) {
  if (body.empty()) return "0\r\n\r\n";
  char size[17];
  std::snprintf(size, sizeof(size), "%zX", body.size());
  return std::string(size) + "\r\n" + std::string(body) + "\r\n0\r\n\r\n";
}

void check_input(std::string_view bytes, std::uint8_t pieces, std::uint8_t limit) {
  const std::uint32_t body_bytes_max = limit < 128 ? 1U << 20 : limit - 128U;
  const DecodedBody decoded = check_body(bytes, 2U + pieces, body_bytes_max);
  if (decoded.result.status != BodyStatus::kComplete) return;
  const std::string again = one_chunk(decoded.body);
  const DecodedBody same = decode_in_pieces(again, again.size(), body_bytes_max);
  CHECK(same.result.status == BodyStatus::kComplete);
  CHECK(same.result.consumed_bytes == again.size());
  CHECK(same.body == decoded.body);
}

}  // namespace
}  // namespace pixel::edge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  pixel::edge::check_input(bytes.substr(2), data[0], data[1]);
  return 0;
}
