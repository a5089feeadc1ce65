// SPDX-License-Identifier: Apache-2.0
// See job_runner.h. COLD.
#include "shipper/job_runner.h"

#include <fmt/format.h>

#include "base/diagnostics.h"

namespace pixel::shipper {

base::Result<std::uint64_t> JobRunner::start(JobRequest request, Work work) {
  const std::lock_guard thread_lock(thread_mutex_);
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return base::Error{"the shipper is ending"};
    if (report_.state == JobReport::State::kRunning) {
      return base::Error{fmt::format("job {} ({} of sink {}) is still running; wait for its end",
                                     report_.number, job_kind_name(report_.request.kind),
                                     report_.request.sink)};
    }
    number = report_.number + 1;
    report_ = {};
    report_.number = number;
    report_.state = JobReport::State::kRunning;
    report_.request = std::move(request);
  }
  if (thread_.joinable()) thread_.join();
  progress_.bytes_total = progress_.bytes_done = progress_.lines = 0;
  progress_.segments_total = progress_.segments_done = 0;
  progress_.cancelled = false;
  thread_ = std::thread([this, work = std::move(work)] { run(work); });
  return number;
}

void JobRunner::run(const Work& work) {
  const auto outcome = work(progress_);
  const std::lock_guard lock(mutex_);
  const JobRequest& request = report_.request;
  if (outcome) {
    report_.state = JobReport::State::kDone;
    report_.outcome = *outcome;
    spdlog::info("job {}: {} of sink {} is done: {} lines read again", report_.number,
                 job_kind_name(request.kind), request.sink, outcome->lines);
  } else {
    report_.state = JobReport::State::kFailed;
    report_.error = outcome.error().message;
    spdlog::error("job {}: {} of sink {}: {}", report_.number, job_kind_name(request.kind),
                  request.sink, report_.error);
  }
}

JobReport JobRunner::report() const {
  const std::lock_guard lock(mutex_);
  JobReport report = report_;
  report.bytes_total = progress_.bytes_total;
  report.bytes_done = progress_.bytes_done;
  report.segments_total = progress_.segments_total;
  report.segments_done = progress_.segments_done;
  report.lines = progress_.lines;
  return report;
}

void JobRunner::cancel() { progress_.cancelled = true; }

void JobRunner::join() {
  const std::lock_guard thread_lock(thread_mutex_);
  if (thread_.joinable()) thread_.join();
}

void JobRunner::stop() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  cancel();
  join();
}

void JobRunner::stop_for(const std::string& sink) {
  const JobReport last = report();
  if (last.state != JobReport::State::kRunning || last.request.sink != sink) return;
  spdlog::warn("job {} of sink {} is cancelled by a reload; ask for it again", last.number, sink);
  cancel();
  join();
}

}  // namespace pixel::shipper
