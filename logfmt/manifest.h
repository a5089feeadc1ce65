// SPDX-License-Identifier: Apache-2.0
// The manifest: what a sealed segment holds, written beside it as one JSON object. COLD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "logfmt/segment_name.h"

namespace pixel::logfmt {

enum class SealReason : std::uint8_t { kSize, kAge, kHour, kShutdown, kRecovered };
std::string_view seal_reason_name(SealReason reason) noexcept;

struct Manifest {
  SegmentId segment;
  std::string file;                  // Name in sealed/ at sealing, without directory.
  std::uint64_t lines = 0;           // Without header and hole-filling lines.
  std::uint64_t bytes = 0;           // Of the whole file.
  std::uint64_t first_sequence = 0;  // Of the first line; first + lines - 1 is the last one's,
  std::uint64_t last_sequence = 0;   // unless holes is not 0. Both 0 when lines is 0.
  std::string xxh3_128;              // Of the whole file, as base::hash128_hex.
  SealReason reason = SealReason::kSize;
  std::int64_t sealed_at = 0;         // Unix seconds.
  std::uint64_t torn_tail_bytes = 0;  // Cut off by recovery.
  std::uint64_t holes = 0;            // Filled by recovery.
  std::uint64_t hole_bytes = 0;
};

std::string to_json(const Manifest& manifest);
base::Result<Manifest> parse_manifest(std::string_view json);

/// The books of one process life, left in sealed/ by its own shutdown or by the recovery of its
/// successor: "0001-673F3C2A.boot". `lines` and `answers` come from the
/// control page.
struct BootLedger {
  std::uint16_t node = 0;
  std::uint32_t boot = 0;
  std::uint64_t lines = 0;     // Access lines published.
  std::uint64_t answers = 0;   // Answers to them handed to the kernel; never more than lines.
  std::uint64_t unlogged = 0;  // Answers given without a line (serve-and-count).
  std::uint64_t refused = 0;   // Requests answered 503 because no line could be written.
  bool clean = false;          // Ended by its own shutdown.
  // 0 in ledgers of programs that had no events lanes.
  std::uint64_t events = 0;           // Events lines published.
  std::uint64_t events_unlogged = 0;  // Events of answered requests that found no place.
};
std::string to_json(const BootLedger& ledger);
base::Result<BootLedger> parse_boot_ledger(std::string_view json);
std::string boot_ledger_file_name(std::uint16_t node, std::uint32_t boot);
bool is_boot_ledger_file_name(std::string_view name);

}  // namespace pixel::logfmt
