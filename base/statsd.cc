// SPDX-License-Identifier: Apache-2.0
// COLD: see statsd.h.
#include "base/statsd.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/address.h"
#include "base/unique_fd.h"

namespace pixel::base {
namespace {

// What fits a datagram on any path (StatsD's documentation, "Multi-Metric Packets").
constexpr std::size_t kDatagramBytesMax = 1400;

bool is_name_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == '-';
}

// `worker="0",response="pixel"` -> ".pixel"; empty where nothing but workers differ.
std::string name_suffix(std::string_view labels) {
  std::string suffix;
  while (!labels.empty()) {
    const std::size_t equals = labels.find("=\"");
    if (equals == std::string_view::npos) break;
    const std::size_t end = labels.find('"', equals + 2);
    if (end == std::string_view::npos) break;
    const std::string_view name = labels.substr(0, equals);
    if (name != "worker") {
      suffix += '.';
      for (const char c : labels.substr(equals + 2, end - equals - 2)) {
        suffix += is_name_byte(c) ? c : '_';
      }
    }
    labels.remove_prefix(end + 1);
    if (labels.starts_with(',')) labels.remove_prefix(1);
  }
  return suffix;
}

struct Sample {
  std::string name;  // With its suffix.
  double value = 0;
};

Sample parse_sample(std::string_view line) {
  const std::size_t space = line.rfind(' ');
  const std::size_t brace = line.find('{');
  Sample sample;
  sample.value = std::strtod(std::string(line.substr(space + 1)).c_str(), nullptr);
  if (brace < space) {
    const std::size_t end = line.rfind('}', space);
    sample.name = line.substr(0, brace);
    sample.name += name_suffix(line.substr(brace + 1, end - brace - 1));
  } else {
    sample.name = line.substr(0, space);
  }
  return sample;
}

}  // namespace

std::vector<std::string> StatsdText::lines(std::string_view scrape) {
  std::map<std::string, double> counters;
  std::map<std::string, double> gauges;
  bool counts = false;
  while (!scrape.empty()) {
    const std::string_view line = scrape.substr(0, scrape.find('\n'));
    scrape.remove_prefix(std::min(scrape.size(), line.size() + 1));
    if (line.starts_with("# TYPE ")) counts = line.ends_with(" counter");
    if (line.empty() || line.front() == '#') continue;
    const Sample sample = parse_sample(line);
    (counts ? counters : gauges)[sample.name] += sample.value;
  }
  std::vector<std::string> lines;
  for (const auto& [name, value] : counters) {
    double& last = last_[name];
    if (value > last) lines.push_back(fmt::format("{}.{}:{}|c", prefix_, name, value - last));
    last = value;
  }
  for (const auto& [name, value] : gauges) {
    lines.push_back(fmt::format("{}.{}:{}|g", prefix_, name, value));
  }
  return lines;
}

struct StatsdPusher::State {
  UniqueFd socket;
  StatsdText text{""};
  Scrape scrape;
  std::chrono::nanoseconds interval{};
  std::thread thread;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;  // Guarded by mutex.

  // Nobody listening is no error of ours: StatsD is told what it is there to hear.
  void send(const std::string& datagram) const {
    if (datagram.empty()) return;
    static_cast<void>(!::send(socket.get(), datagram.data(), datagram.size(), MSG_DONTWAIT));
  }
  void push() {
    std::string datagram;
    for (const std::string& line : text.lines(scrape())) {
      if (datagram.size() + line.size() + 1 > kDatagramBytesMax) {
        send(datagram);
        datagram.clear();
      }
      if (!datagram.empty()) datagram += '\n';
      datagram += line;
    }
    send(datagram);
  }
  void run() {
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, interval, [this] { return stopping; })) {
      lock.unlock();
      push();
      lock.lock();
    }
    push();
  }
};

StatsdPusher::StatsdPusher() : state_(std::make_unique<State>()) {}

Result<std::unique_ptr<StatsdPusher>> StatsdPusher::start(const std::string& address,
                                                          std::string prefix,
                                                          std::uint64_t interval_ns,
                                                          Scrape scrape) {
  const auto target = parse_host_port(address);
  if (!target) return Error{fmt::format("cannot push to {}: expected host:port", address)};
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  v4.sin_port = v6.sin6_port = htons(target->port);
  const bool is_v4 = ::inet_pton(AF_INET, target->host.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && ::inet_pton(AF_INET6, target->host.c_str(), &v6.sin6_addr) != 1) {
    return Error{fmt::format("cannot push to {}: not a numeric address", address)};
  }
  std::unique_ptr<StatsdPusher> pusher(new StatsdPusher);
  State& state = *pusher->state_;
  state.socket.reset(::socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto* const where =
      is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  if (!state.socket || ::connect(state.socket.get(), where, is_v4 ? sizeof v4 : sizeof v6) != 0) {
    return Error{fmt::format("cannot push to {}: {}", address, std::strerror(errno))};
  }
  state.text = StatsdText(std::move(prefix));
  state.scrape = std::move(scrape);
  state.interval = std::chrono::nanoseconds(interval_ns);
  state.thread = std::thread([&state] { state.run(); });
  return pusher;
}

StatsdPusher::~StatsdPusher() {
  if (!state_->thread.joinable()) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

}  // namespace pixel::base
