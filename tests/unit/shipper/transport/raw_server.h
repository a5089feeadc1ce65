// SPDX-License-Identifier: Apache-2.0
// A server on loopback that answers each request with whatever bytes a test wants, also with none.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace pixel::shipper::testing {

class RawServer {
 public:
  /// Called with each whole request; true: the connection is kept for more.
  using Answer = std::function<bool(int fd, const std::string& request)>;

  explicit RawServer(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    socklen_t size = sizeof(address);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  int connections() const { return connections_; }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::string last_request() {
    const std::lock_guard lock(mutex_);
    return requests_.empty() ? "" : requests_.back();
  }

  static bool say(int fd, std::string_view bytes) {
    (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return true;
  }
  static bool say_response(int fd, std::string_view status, std::string_view body,
                           std::string_view headers = "") {
    return say(fd, "HTTP/1.1 " + std::string(status) +
                       "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                       std::string(headers) + "\r\n" + std::string(body));
  }
  /// A reset instead of an end.
  static bool reset(int fd) {
    const linger now{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    return false;
  }

 private:
  bool wait_readable(int fd) const {
    while (!stopping_) {
      pollfd wait{fd, POLLIN, 0};
      if (::poll(&wait, 1, 20) > 0) return true;
    }
    return false;
  }
  void serve() {
    std::vector<std::thread> threads;
    while (wait_readable(listener_)) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++connections_;
      threads.emplace_back([this, fd] { serve_connection(fd); });
    }
    for (std::thread& thread : threads) thread.join();
  }
  void serve_connection(int fd) {
    std::string request;
    while (read_request(fd, request)) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      if (!answer_(fd, request)) break;
    }
    ::close(fd);
  }
  bool read_request(int fd, std::string& request) {
    request.clear();
    std::size_t wanted = 0;
    while (wanted == 0 || request.size() < wanted) {
      char buffer[65536];
      if (!wait_readable(fd)) return false;
      const ssize_t got = ::recv(fd, buffer, sizeof(buffer), 0);
      if (got <= 0) return false;
      request.append(buffer, static_cast<std::size_t>(got));
      const std::size_t end = request.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const std::size_t length = request.find("Content-Length: ");
      wanted = end + 4;
      if (length < end) wanted += std::stoul(request.substr(length + 16));
    }
    return true;
  }

  const Answer answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<std::string> requests_;  // Guarded by mutex_.
  std::thread thread_;
};

/// Sets a variable of the environment, and what it was at the end.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    const char* const before = std::getenv(name);
    if (before != nullptr) before_ = before;
    had_ = before != nullptr;
    if (value == nullptr) {
      ::unsetenv(name);
    } else {
      ::setenv(name, value, 1);
    }
  }
  ~ScopedVariable() {
    if (had_) {
      ::setenv(name_.c_str(), before_.c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  std::string name_;
  std::string before_;
  bool had_ = false;
};

}  // namespace pixel::shipper::testing
