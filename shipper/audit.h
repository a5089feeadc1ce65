// SPDX-License-Identifier: Apache-2.0
// A sink against the log: what each segment should have become, by decoding its lines again with
// the present settings, and what the sink says it holds of it. Names what is missing or twice.
// `pixel-log audit` goes on to the left of this: from the answers to the lines. COLD; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/config.h"
#include "shipper/restore.h"
#include "shipper/retention.h"
#include "shipper/service.h"

namespace pixel::shipper {

/// A segment that does not add up.
struct SegmentFinding {
  logfmt::SegmentId segment;
  std::uint64_t missing = 0;  // Lines without a row that should have one.
  std::uint64_t twice = 0;    // Rows too many.
  bool can_be_read = false;   // Its data is there: a replay restores it.
};

struct SinkAudit {
  std::string name;
  std::string error;           // Why it could not be audited; then nothing else is known.
  std::uint64_t segments = 0;  // That it has come to.
  std::uint64_t lines = 0;     // Of them, as far as it has come.
  std::uint64_t rows = 0;      // Distinct by line.
  std::uint64_t filtered = 0;  // Lines that no table wants.
  std::uint64_t dead_lettered = 0;
  std::uint64_t gone_lines = 0;  // Deleted before the sink had them.
  std::uint64_t missing = 0;
  std::uint64_t twice = 0;
  std::vector<SegmentFinding> findings;
  std::vector<std::string> notes;  // Worth knowing, no defect.

  bool can_be_audited = true;  // False: `error` says why not; it is no defect.
  bool is_fine() const noexcept {
    return (error.empty() || !can_be_audited) && missing == 0 && twice == 0;
  }
};

/// `held`: the sink's own word, with its checkpoint. Progress is of all segments read.
SinkAudit audit_sink(const Config& config, const SinkConfig& sink, const SinkHoldings& held,
                     const CatalogueSnapshot& catalogue, const RetiredBooks& retired,
                     JobProgress& progress);

std::string audit_json(const std::vector<SinkAudit>& audits);
/// One line per sink, and each finding below it; the last line says whether all is fine.
std::string audit_screen(const std::vector<SinkAudit>& audits);

}  // namespace pixel::shipper
