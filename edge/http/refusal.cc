// SPDX-License-Identifier: Apache-2.0
// Each refusal's status, name and answer, in one table. Pure; any thread.
#include <array>

#include "base/assert.h"
#include "edge/http/parser.h"
#include "edge/http/response.h"

namespace pixel::edge {
namespace {

struct RefusalTraits {
  std::string_view name;
  std::uint32_t status;
  ResponseId response;
};

// By Refusal's values.
constexpr std::array<RefusalTraits, kRefusalCount> kTraits = {{
    {"none", 200, ResponseId::kPixel},
    {"bad_request_line", 400, ResponseId::kBadRequest},
    {"bad_target", 400, ResponseId::kBadRequest},
    {"bad_version", 400, ResponseId::kBadRequest},
    {"unsupported_version", 505, ResponseId::kVersionNotSupported},
    {"bad_header", 400, ResponseId::kBadRequest},
    {"bad_content_length", 400, ResponseId::kBadRequest},
    {"bad_transfer_encoding", 400, ResponseId::kBadRequest},
    {"bad_host", 400, ResponseId::kBadRequest},
    {"line_too_long", 414, ResponseId::kUriTooLong},
    {"headers_too_large", 431, ResponseId::kHeadersTooLarge},
    {"unknown_coding", 501, ResponseId::kNotImplemented},
    {"bad_expectation", 417, ResponseId::kExpectationFailed},
    {"bad_chunk", 400, ResponseId::kBadRequest},
    {"body_too_large", 413, ResponseId::kContentTooLarge},
}};
static_assert(static_cast<std::size_t>(Refusal::kBodyTooLarge) + 1 == kRefusalCount);

const RefusalTraits& traits_of(Refusal refusal) noexcept {
  const auto index = static_cast<std::size_t>(refusal);
  DCHECK(index < kRefusalCount);
  return kTraits[index];
}

}  // namespace

std::uint32_t refusal_status(Refusal refusal) noexcept { return traits_of(refusal).status; }

std::string_view refusal_name(Refusal refusal) noexcept { return traits_of(refusal).name; }

ResponseId response_of(Refusal refusal) noexcept { return traits_of(refusal).response; }

}  // namespace pixel::edge
