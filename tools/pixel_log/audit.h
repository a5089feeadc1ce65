// SPDX-License-Identifier: Apache-2.0
// pixel-log audit: from the answers the edge gave to the rows its sinks hold, every book against
// the next. Each check is a function of what was read: the steps are pure but for gather(). COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "logfmt/request_id.h"
#include "tools/pixel_log/defect.h"
#include "tools/pixel_log/holdings.h"
#include "tools/pixel_log/segment_books.h"

namespace pixel::logs {

/// One process life of a node.
using BootId = std::pair<std::uint16_t, std::uint32_t>;

/// What one process life counted itself.
struct BootBooks {
  logfmt::BootLedger ledger;
  bool live = false;  // From its control page: more may have come since.
};

struct AuditInput {
  std::filesystem::path spool;
  std::optional<logfmt::RequestIdCipher> cipher;
  std::vector<SinkHoldings> sinks;
  std::optional<std::uint64_t> client_answered;  // How many answers a client received.
  std::optional<std::vector<std::uint64_t>> client_ids;
  std::string client_parameter;  // The query parameter that carries them.
  bool drained = false;          // Every sink should hold every line.
};

/// What gather() reads.
struct AuditBooks {
  std::map<BootId, BootBooks> boots;
  std::map<logfmt::SegmentId, SegmentBooks> segments;
  /// Lines before each offset a sink stands at, by segment and offset.
  std::map<std::pair<logfmt::SegmentId, std::uint64_t>, std::uint64_t> lines_before;
  std::vector<std::uint64_t> logged_ids;  // Of the client's parameter, in log order.
};

struct SinkTotals {
  std::string name;
  std::uint64_t rows = 0;  // Distinct ones.
  std::uint64_t duplicate_rows = 0;
  std::uint64_t filtered = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t missing_rows = 0;
  std::uint64_t pending = 0;
};

struct ClientTotals {
  std::uint64_t answered = 0;
  std::uint64_t missing = 0;     // Answered, not in the log.
  std::uint64_t duplicated = 0;  // In the log more than once.
};

struct AuditResult {
  std::uint64_t answered = 0;  // Handed to the kernel, by the edge's count.
  std::uint64_t logged = 0;
  std::uint64_t events = 0;   // Lines of events lanes.
  std::uint64_t foreign = 0;  // Lines of files that others wrote, by the shipper's books.
  std::uint64_t unlogged = 0;
  std::uint64_t refused = 0;
  std::uint64_t segments = 0;
  std::uint64_t segments_without_data = 0;
  std::uint64_t lost_lines = 0;  // With events; so are the next two.
  std::uint64_t duplicate_lines = 0;
  std::uint64_t torn_lines = 0;
  std::vector<SinkTotals> sinks;
  std::optional<ClientTotals> client;
  std::vector<Defect> defects;
  std::vector<std::string> notes;  // Worth knowing, no defect.

  bool balanced() const noexcept { return defects.empty(); }
  /// Over lines, sinks and client.
  std::uint64_t lost() const noexcept;
  std::uint64_t duplicated() const noexcept;
};

/// Reads the spool while others may write to it: answers before lines, so that a live edge never
/// looks as if it had answered without logging. An Error when the spool cannot be read at all.
base::Result<AuditBooks> gather(const AuditInput& input, AuditResult& result);

void check_lanes(const AuditBooks& books, AuditResult& result);
void check_boots(const AuditBooks& books, AuditResult& result);
void check_sinks(const AuditInput& input, const AuditBooks& books, AuditResult& result);
void check_client(const AuditInput& input, const AuditBooks& books, AuditResult& result);

/// All of it.
base::Result<AuditResult> audit(const AuditInput& input);

std::string to_table(const AuditResult& result);
std::string to_json(const AuditResult& result);
/// "answered=A logged=L [events=E] [foreign=F] duckdb=D lake=P balanced": the last line of a
/// report.
std::string summary_line(const AuditResult& result);

}  // namespace pixel::logs
