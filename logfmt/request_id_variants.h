// SPDX-License-Identifier: Apache-2.0
// RequestIdCipher::encode_eight with vector instructions, for the dispatcher and for differential
// tests. HOT. Each writes the ids of the blocks (left, sequence), (left, sequence + 1) and so on.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "logfmt/request_id.h"
#include "logfmt/speck128.h"

namespace pixel::logfmt {

/// The digits of base64url.
alignas(64) inline constexpr char kIdAlphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using WriteEight = void(std::uint64_t left, std::uint64_t sequence, const SpeckKeys& keys,
                        char* out) noexcept;
#if PIXEL_X86_64
WriteEight write_eight_avx2;    // REQUIRES: base::cpu_has_avx2().
WriteEight write_eight_avx512;  // REQUIRES: base::cpu_has_avx512().
#endif

}  // namespace pixel::logfmt
