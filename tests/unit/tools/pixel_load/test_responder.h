// SPDX-License-Identifier: Apache-2.0
// A small HTTP server on loopback for tests: one thread, and every way of answering badly. Records
// which request numbers (?id=N) it answered to the last byte.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace pixel::load {

enum class Manner {
  kWhole,       // 200 with 43 bytes.
  kByteByByte,  // The same, one send per byte.
  kCloseAfter,  // With "Connection: close", and closes.
  kCloseIdle,   // Closes after an answer that did not say so.
  kUntilClose,  // Without a length; closing ends the body.
  kCutOften,    // Every fifth answer ends in its middle with a close.
  kResetOften,  // Every fifth request is answered with a reset.
  kGarbage,     // Not HTTP.
  kSilent,      // Never answers.
  kRefuses,     // 503 with an empty body.
  kTwice,       // Two answers to one request.
  kStallsOnce,  // Answers nobody for 200 ms, when it has taken its 300th request.
};

class TestResponder {
 public:
  explicit TestResponder(Manner manner, std::uint16_t port = 0,
                         std::chrono::milliseconds delay = std::chrono::milliseconds(0));
  ~TestResponder();
  TestResponder(const TestResponder&) = delete;
  TestResponder& operator=(const TestResponder&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& target) const;
  /// Ends the thread; open connections are reset, as a killed process' with unread bytes are.
  void kill();
  /// After kill().
  const std::multiset<std::uint64_t>& answered() const { return answered_; }
  const std::multiset<std::uint64_t>& requested() const { return requested_; }

 private:
  struct Peer {
    std::string input;
    std::chrono::steady_clock::time_point answer_at;
  };
  void serve();
  void accept_one();
  bool read_from(int fd, Peer& peer);
  bool answer(int fd, const std::string& request);
  bool send_all(int fd, const std::string& bytes);
  void reset(int fd);

  Manner manner_;
  std::chrono::milliseconds delay_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::map<int, Peer> peers_;
  std::multiset<std::uint64_t> requested_;
  std::multiset<std::uint64_t> answered_;
  std::uint64_t requests_ = 0;
  std::thread thread_;
};

}  // namespace pixel::load
