// SPDX-License-Identifier: Apache-2.0
// encode_line for each set of vector instructions, for the dispatcher and for differential tests.
// HOT. Each writes one line, with the request id that is given, as encode_line says.
#pragma once

#include <cstddef>

#include "base/cpu.h"
#include "logfmt/line_encode.h"

namespace pixel::logfmt {

std::size_t encode_line_plain(const LineInput& input, const char* id, char* out) noexcept;
#if PIXEL_X86_64
/// REQUIRES: base::cpu_has_avx2().
std::size_t encode_line_avx2(const LineInput& input, const char* id, char* out) noexcept;
/// REQUIRES: base::cpu_has_avx512().
std::size_t encode_line_avx512(const LineInput& input, const char* id, char* out) noexcept;
#endif

}  // namespace pixel::logfmt
