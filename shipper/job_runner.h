// SPDX-License-Identifier: Apache-2.0
// One job at a time on a thread of its own, watched and cancelled by others. COLD.
#pragma once

#include <functional>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "shipper/job.h"

namespace pixel::shipper {

class JobRunner {
 public:
  using Work = std::function<base::Result<JobOutcome>(JobProgress& progress)>;

  JobRunner() = default;
  ~JobRunner() { stop(); }
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  /// The job's number; an error while another one runs. Any thread.
  base::Result<std::uint64_t> start(JobRequest request, Work work);
  /// Of the last job. Any thread.
  JobReport report() const;
  /// Asks the running job to end; it does within a batch. Any thread.
  void cancel();
  /// cancel(), and waits. No job can be started afterwards.
  void stop();
  /// Cancels the job if it works on this sink, and waits for its end.
  void stop_for(const std::string& sink);

 private:
  void run(const Work& work);
  void join();

  std::mutex thread_mutex_;  // Guards thread_; taken before mutex_.
  std::thread thread_;
  mutable std::mutex mutex_;
  JobReport report_;  // Guarded by mutex_.
  bool closed_ = false;
  JobProgress progress_;
};

}  // namespace pixel::shipper
