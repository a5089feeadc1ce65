// SPDX-License-Identifier: Apache-2.0
// See patience.h.
#include "shipper/transport/patience.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>

namespace pixel::shipper {
namespace {

constexpr std::uint64_t kMargin = 2;      // Times the longest pause of late.
constexpr std::uint64_t kFade = 32;       // That part of it with every answer.
constexpr std::uint32_t kAttempts = 2;    // With the same limit, before it doubles.
constexpr std::uint32_t kStallsMax = 64;  // 2 s become half a century.
constexpr std::size_t kCallsMax = 64;     // More than any sink has under way at once.

}  // namespace

std::uint64_t Patience::base_ns() const { return std::max(first_ns_, kMargin * pause_ns_); }

std::uint64_t Patience::limit_ns(std::uint64_t call, std::uint64_t most_ns) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t limit_ns = base_ns();
  const auto found = std::find_if(stalls_.begin(), stalls_.end(),
                                  [call](const Stalls& stalls) { return stalls.call == call; });
  std::uint32_t doublings = found == stalls_.end() ? 0 : found->count / kAttempts;
  for (; doublings > 0 && limit_ns < most_ns; --doublings) limit_ns *= 2;
  return std::min(limit_ns, most_ns);
}

void Patience::stalled(std::uint64_t call) {
  const std::lock_guard lock(mutex_);
  for (Stalls& stalls : stalls_) {
    if (stalls.call != call) continue;
    stalls.count = std::min(stalls.count + 1, kStallsMax);
    return;
  }
  // One that was cut in two or given up for good is never asked for again.
  if (stalls_.size() == kCallsMax) stalls_.erase(stalls_.begin());
  stalls_.push_back({call, 1});
}

void Patience::answered(std::uint64_t call, std::uint64_t pause_ns) {
  const std::lock_guard lock(mutex_);
  pause_ns_ = std::max(pause_ns, pause_ns_ - pause_ns_ / kFade);
  std::erase_if(stalls_, [call](const Stalls& stalls) { return stalls.call == call; });
}

void Patience::was_too_short() {
  constexpr std::uint64_t kPauseMaxNs = 3600 * base::kSecondNs;
  const std::lock_guard lock(mutex_);
  pause_ns_ = std::min(base_ns(), kPauseMaxNs);
}

void read_patience(base::ConfigSection& section, std::shared_ptr<Patience>& patience) {
  std::uint64_t first_ns = patience->first_ns();
  section.read_duration("patience", first_ns, {base::kMillisecondNs, 24 * 3600 * base::kSecondNs});
  patience = std::make_shared<Patience>(first_ns);
}

std::uint64_t unconfirmed_bytes(int socket) {
  int bytes = 0;
  if (socket < 0 || ::ioctl(socket, SIOCOUTQ, &bytes) != 0) return 0;
  return static_cast<std::uint64_t>(std::max(bytes, 0));
}

}  // namespace pixel::shipper
