// SPDX-License-Identifier: Apache-2.0
// COLD: see sealer.h.
#include "edge/log/sealer.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file.h"
#include "base/thread_name.h"
#include "base/units.h"
#include "edge/log/segment_file.h"

namespace pixel::edge {
namespace {

constexpr std::uint64_t kRetryNs = 500 * base::kMillisecondNs;

}  // namespace

Sealer::Sealer(Spool spool, std::string distribution, KeeperTotals& totals)
    : spool_(std::move(spool)), distribution_(std::move(distribution)), totals_(totals) {}

Sealer::~Sealer() { stop(); }

void Sealer::start() {
  thread_ = std::thread([this] { run(); });
}

void Sealer::give(SealJob job) {
  totals_.unsealed_segments.fetch_add(1, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Sealer::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool Sealer::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto ready = [this] { return stopping_ || !waiting_.empty(); };
  if (failed_.empty()) {
    changed_.wait(lock, ready);
  } else {
    const std::uint64_t now_ns = base::monotonic_ns();
    const std::uint64_t wait_ns = retry_at_ns_ > now_ns ? retry_at_ns_ - now_ns : 0;
    changed_.wait_for(lock, std::chrono::nanoseconds(wait_ns), ready);
  }
  return !stopping_ || !waiting_.empty();
}

void Sealer::run() {
  base::name_this_thread("edge-sealer");
  bool running = true;
  while (running) {
    std::deque<SealJob> jobs;
    {
      std::unique_lock lock(mutex_);
      running = wait_for_work(lock);
      jobs.swap(waiting_);
    }
    // Failed ones come again when their time has come, and once more at the end.
    if (!failed_.empty() && (!running || base::monotonic_ns() >= retry_at_ns_)) {
      for (SealJob& job : failed_) jobs.push_back(std::move(job));
      failed_.clear();
    }
    for (SealJob& job : jobs) handle(std::move(job));
  }
  for (const SealJob& job : failed_) {
    spdlog::error("{} is not sealed; the next start will do it", job.path.string());
    totals_.abandoned_segments.fetch_add(1, std::memory_order_relaxed);
    totals_.unsealed_segments.fetch_sub(1, std::memory_order_relaxed);
  }
}

void Sealer::postpone(SealJob job, const std::string& cause) {
  spdlog::warn("seal: {}; trying again", cause);
  failed_.push_back(std::move(job));
  retry_at_ns_ = base::monotonic_ns() + kRetryNs;
}

void Sealer::handle(SealJob job) {
  unmap_segment(job.segment);
  if (job.segment.lines == 0) {
    if (::unlink(job.path.c_str()) != 0) {
      totals_.fail_seal(base::errno_error("remove", job.path, errno).message);
    }
    totals_.discarded_segments.fetch_add(1, std::memory_order_relaxed);
    totals_.unsealed_segments.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  const auto sealed = seal_segment(spool_, distribution_, job);
  if (sealed) {
    totals_.sealed_lines.fetch_add(sealed->lines, std::memory_order_relaxed);
    totals_.sealed_bytes.fetch_add(sealed->bytes, std::memory_order_relaxed);
    totals_.sealed_segments.fetch_add(1, std::memory_order_relaxed);
    spdlog::debug("sealed {}: {} lines, {} bytes, {}", sealed->file, sealed->lines, sealed->bytes,
                  logfmt::seal_reason_name(sealed->reason));
  } else {
    totals_.fail_seal(sealed.error().message);
    if (sealed.error().may_retry) return postpone(std::move(job), sealed.error().message);
    spdlog::error("seal: {}; it stays in active/ for the next start", sealed.error().message);
    totals_.abandoned_segments.fetch_add(1, std::memory_order_relaxed);
  }
  totals_.unsealed_segments.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace pixel::edge
