// SPDX-License-Identifier: Apache-2.0
// Pushes a Prometheus scrape to a StatsD server by UDP, every so often: for whoever has no
// Prometheus. COLD; a thread of its own. Counters go out as what they grew by, gauges as they are;
// labels other than "worker" and "le" become parts of the name, workers are added up.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pixel::base {

/// The lines of one push. Keeps what counters were at the last one. One thread.
class StatsdText {
 public:
  explicit StatsdText(std::string prefix) : prefix_(std::move(prefix)) {}
  /// "prefix.name.value:12|c"; counters that did not grow are left out.
  std::vector<std::string> lines(std::string_view scrape);

 private:
  std::string prefix_;
  std::map<std::string, double> last_;
};

class StatsdPusher {
 public:
  using Scrape = std::function<std::string()>;
  /// Resolves nothing: `address` is numeric, "127.0.0.1:8125" or "[::1]:8125". `scrape` is called
  /// on the pusher's thread.
  static Result<std::unique_ptr<StatsdPusher>> start(const std::string& address, std::string prefix,
                                                     std::uint64_t interval_ns, Scrape scrape);
  /// Pushes once more and ends.
  ~StatsdPusher();

 private:
  StatsdPusher();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pixel::base
