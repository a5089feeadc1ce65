// SPDX-License-Identifier: Apache-2.0
// COLD: the only file that compiles cpp-httplib's header.
#include "base/admin_server.h"

#include <httplib.h>

#include <chrono>
#include <thread>

#include "base/address.h"

namespace pixel::base {

struct AdminServer::State {
  httplib::Server server;
  std::thread thread;
  std::uint16_t port = 0;
};

namespace {

httplib::Server::Handler adapt(AdminServer::Handler handler) {
  return
      [handler = std::move(handler)](const httplib::Request& request, httplib::Response& response) {
        const AdminReply reply = handler(AdminRequest{request.body});
        response.status = reply.status;
        response.set_content(reply.body, reply.content_type.c_str());
      };
}

}  // namespace

AdminServer::AdminServer() : state_(std::make_unique<State>()) {
  state_->server.new_task_queue = [] { return new httplib::ThreadPool(2); };
  // The library's default is SO_REUSEPORT: a second process would share the port in silence and
  // answer every other call.
  state_->server.set_socket_options([](socket_t listener) {
    const int one = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  });
}
AdminServer::~AdminServer() { stop(); }

void AdminServer::get(const std::string& path, Handler handler) {
  state_->server.Get(path, adapt(std::move(handler)));
}

void AdminServer::post(const std::string& path, Handler handler) {
  state_->server.Post(path, adapt(std::move(handler)));
}

Status AdminServer::start(const std::string& address) {
  const auto target = parse_host_port(address);
  if (!target) return Error{"admin address " + address + ": expected host:port"};
  int port = target->port;
  const bool bound = port == 0 ? (port = state_->server.bind_to_any_port(target->host)) > 0
                               : state_->server.bind_to_port(target->host, port);
  if (!bound) return Error{"cannot listen on admin address " + address + ": is it in use?"};
  state_->port = static_cast<std::uint16_t>(port);
  state_->thread = std::thread([this] { state_->server.listen_after_bind(); });
  while (!state_->server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return ok_status();
}

std::uint16_t AdminServer::port() const noexcept { return state_->port; }

void AdminServer::stop() {
  if (!state_->thread.joinable()) return;
  state_->server.stop();
  state_->thread.join();
}

Result<AdminReply> admin_call(const std::string& address, const std::string& path,
                              const std::string* body) {
  const auto target = parse_host_port(address);
  if (!target) return Error{"admin address " + address + ": expected host:port"};
  httplib::Client client(target->host, target->port);
  client.set_connection_timeout(5);
  client.set_read_timeout(600);
  auto response = body != nullptr ? client.Post(path, *body, "text/plain") : client.Get(path);
  if (!response) {
    return Error{"no answer from " + address + path + ": " + httplib::to_string(response.error())};
  }
  return AdminReply{response->status, response->body, response->get_header_value("Content-Type")};
}

}  // namespace pixel::base
