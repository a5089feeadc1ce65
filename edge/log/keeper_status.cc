// SPDX-License-Identifier: Apache-2.0
// COLD: see keeper_status.h.
#include "edge/log/keeper_status.h"

namespace pixel::edge {

void KeeperTotals::fail_allocation(const std::string& cause) {
  allocate_errors.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(texts_);
  last_allocate_error_ = cause;
}

void KeeperTotals::fail_seal(const std::string& cause) {
  seal_errors.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(texts_);
  last_seal_error_ = cause;
}

KeeperStatus KeeperTotals::read() const {
  KeeperStatus status;
  status.created_segments = created_segments.load(std::memory_order_relaxed);
  status.sealed_segments = sealed_segments.load(std::memory_order_relaxed);
  status.sealed_bytes = sealed_bytes.load(std::memory_order_relaxed);
  status.sealed_lines = sealed_lines.load(std::memory_order_relaxed);
  status.discarded_segments = discarded_segments.load(std::memory_order_relaxed);
  status.unsealed_segments = unsealed_segments.load(std::memory_order_relaxed);
  status.seal_errors = seal_errors.load(std::memory_order_relaxed);
  status.abandoned_segments = abandoned_segments.load(std::memory_order_relaxed);
  status.allocate_errors = allocate_errors.load(std::memory_order_relaxed);
  status.pretouch_errors = pretouch_errors.load(std::memory_order_relaxed);
  status.passes = passes.load(std::memory_order_relaxed);
  const std::lock_guard lock(texts_);
  status.last_allocate_error = last_allocate_error_;
  status.last_seal_error = last_seal_error_;
  return status;
}

}  // namespace pixel::edge
