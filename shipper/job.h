// SPDX-License-Identifier: Apache-2.0
// A job: something that is done to one sink while nothing is delivered to it, by the running
// shipper (which stops that sink's thread meanwhile) or by a command under the lock. Each is
// idempotent: what is interrupted may be asked for again. COLD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/config.h"
#include "shipper/restore.h"
#include "shipper/segment_lines.h"

namespace pixel::shipper {

enum class JobKind : std::uint8_t {
  kReplay,       // Lines of segments: the sink takes the rows that it lacks.
  kDeadLetters,  // Lines of the dead letter file: those that now fit become rows.
};
std::string_view job_kind_name(JobKind kind) noexcept;

struct JobRequest {
  JobKind kind = JobKind::kReplay;
  std::string sink;
  std::string table;    // kReplay: rows of this one only; "": of all.
  Selection selection;  // kReplay.
};
std::string to_json(const JobRequest& request);
base::Result<JobRequest> parse_job_request(std::string_view json);

struct JobOutcome {
  std::uint64_t lines = 0;          // Read again.
  std::uint64_t rows = 0;           // What they are.
  std::uint64_t dead_lettered = 0;  // Still become no row.
  std::uint64_t rejected_rows = 0;  // The sink refused them.
  std::string reason = {};          // Of the first line that the sink refused as a whole.
  /// Lines that have rows now and had none before; nothing where the sink cannot say what it holds.
  std::optional<std::uint64_t> restored;
  std::vector<logfmt::SegmentId> gone;  // Selected, but their data is deleted.
};

struct JobReport {
  enum class State : std::uint8_t { kNone, kRunning, kDone, kFailed };
  std::uint64_t number = 0;
  State state = State::kNone;
  JobRequest request;
  std::uint64_t bytes_total = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t segments_total = 0;
  std::uint64_t segments_done = 0;
  std::uint64_t lines = 0;
  std::string error;
  JobOutcome outcome;  // kDone.
};
std::string_view job_state_name(JobReport::State state) noexcept;
std::string to_json(const JobReport& report);

/// Opens the sink, does it, closes the sink. REQUIRES: nobody else has the sink open.
base::Result<JobOutcome> run_job(const Config& config, const SinkConfig& sink,
                                 const JobRequest& request, JobProgress& progress);

}  // namespace pixel::shipper
