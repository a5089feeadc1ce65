// SPDX-License-Identifier: Apache-2.0
// See runner.h. COLD.
#include "shipper/deliver/runner.h"

#include <algorithm>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/thread_name.h"

namespace pixel::shipper {
namespace {

// Says once what a sink suffers from, and once that it is over.
class Complaints {
 public:
  void look(const std::string& name, const PipelineStatus& status) {
    if (status.opening_note != noted_) spdlog::error("sink {}: {}", name, status.opening_note);
    noted_ = status.opening_note;
    if (status.last_error == said_) return;
    if (status.last_error.empty()) {
      spdlog::info("sink {}: well again", name);
    } else if (status.state == PipelineState::kUnresolved) {
      spdlog::error("sink {}: {}", name, status.last_error);
    } else if (status.state == PipelineState::kRejected) {
      spdlog::error("sink {}: refuses a batch; nothing is skipped, it is tried again: {}", name,
                    status.last_error);
    } else {
      spdlog::warn("sink {}: {}; tried again", name, status.last_error);
    }
    said_ = status.last_error;
  }

 private:
  std::string said_;
  std::string noted_;
};

}  // namespace

Runner::~Runner() {
  if (!thread_.joinable()) return;
  stop(0);
  join();
}

void Runner::start(Pipeline::Ending ending) {
  thread_ = std::thread([this, ending] { run(ending); });
}

void Runner::stop(std::uint64_t grace_ns) {
  stop_until_ns_.store(base::monotonic_ns() + grace_ns, std::memory_order_release);
  catalogue_.wake();
}

void Runner::join() {
  if (thread_.joinable()) thread_.join();
}

void Runner::run(Pipeline::Ending ending) {
  base::name_this_thread("sink-" + pipeline_.options().name);
  Complaints complaints;
  pipeline_.end(ending);
  while (true) {
    // First of all: a stop() during the step must end the wait after it.
    const std::uint64_t wakes = catalogue_.wakes();
    const std::uint64_t stop_until_ns = stop_until_ns_.load(std::memory_order_acquire);
    if (stop_until_ns != 0) pipeline_.end(Pipeline::Ending::kNow);
    const SnapshotPtr catalogue = catalogue_.snapshot();
    const Pipeline::Next next = pipeline_.step(*catalogue);
    if (next.kind == Pipeline::Next::Kind::kDone) break;
    if (next.kind == Pipeline::Next::Kind::kStep) continue;
    complaints.look(pipeline_.options().name, pipeline_.status());
    const std::uint64_t now_ns = base::monotonic_ns();
    if (stop_until_ns != 0 && now_ns >= stop_until_ns) break;
    if (next.wait_until_ns <= now_ns) continue;
    std::uint64_t wait_ns = next.wait_until_ns - now_ns;
    if (stop_until_ns != 0) wait_ns = std::min(wait_ns, stop_until_ns - now_ns);
    catalogue_.wait_for_change(catalogue->version, wakes, wait_ns);
  }
  complaints.look(pipeline_.options().name, pipeline_.status());
  done_.store(true, std::memory_order_release);
}

}  // namespace pixel::shipper
