// SPDX-License-Identifier: Apache-2.0
// The admin listener of either process: a small HTTP server (cpp-httplib) on a thread of its own.
// COLD. Never carries public traffic.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace pixel::base {

struct AdminRequest {
  std::string body;
};

struct AdminReply {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

class AdminServer {
 public:
  /// Called on a thread of the server's; must be thread safe and quick.
  using Handler = std::function<AdminReply(const AdminRequest&)>;

  AdminServer();
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// REQUIRES: called before start. `path` is matched whole.
  void get(const std::string& path, Handler handler);
  void post(const std::string& path, Handler handler);

  /// Binds "127.0.0.1:9180" or "[::1]:9180" (port 0: any free one) and serves until stop().
  Status start(const std::string& address);
  /// The port bound; 0 before start.
  std::uint16_t port() const noexcept;
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A blocking GET or POST (when `body` is given) to an AdminServer; for status commands.
Result<AdminReply> admin_call(const std::string& address, const std::string& path,
                              const std::string* body = nullptr);

}  // namespace pixel::base
