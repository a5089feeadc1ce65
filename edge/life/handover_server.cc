// SPDX-License-Identifier: Apache-2.0
// COLD: the predecessor's side; see handover.h. Everything but start and stop is the thread's.
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file.h"
#include "edge/life/handover.h"
#include "edge/life/handover_address.h"
#include "edge/life/handover_wire.h"

namespace pixel::edge {
namespace {

namespace fs = std::filesystem;
using handover::Failure;

constexpr int kBacklog = 8;
// For the first word of a successor that will be refused.
constexpr std::uint64_t kImpatienceNs = 200 * base::kMillisecondNs;

base::Error to_error(Failure failure) {
  return base::Error{std::string(handover::failure_text(failure))};
}

// Nothing, or who listens at the path already.
base::Status check_free(const fs::path& path) {
  const auto address = handover::unix_address(path);
  if (!address) return address.error();
  const base::UniqueFd probe = handover::create_socket();
  if (::connect(probe.get(), address->get(), address->bytes) != 0) return base::ok_status();
  const auto peer = handover::peer_of(probe.get());
  return base::Error{fmt::format(
      "process {} listens for its successor at {}; give server.handover another path, or \"\" "
      "for none, or start with --take-over",
      peer ? peer->pid : 0, path.string())};
}

}  // namespace

HandoverServer::HandoverServer(HandoverOptions options, HandoverCallbacks callbacks)
    : options_(std::move(options)), callbacks_(std::move(callbacks)) {}

HandoverServer::~HandoverServer() { stop(); }

base::Result<std::unique_ptr<HandoverServer>> HandoverServer::start(HandoverOptions options,
                                                                    HandoverCallbacks callbacks) {
  std::unique_ptr<HandoverServer> server(
      new HandoverServer(std::move(options), std::move(callbacks)));
  server->stop_ = base::UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!server->stop_) return base::Error{"cannot create an eventfd for the handover socket"};
  if (auto listening = server->listen(); !listening) return listening.error();
  server->thread_ = std::thread([raw = server.get()] { raw->run(); });
  return server;
}

// Bound under another name, closed to others, then renamed: nobody ever finds a socket that is
// half made, or none where a predecessor's was.
base::Status HandoverServer::listen() {
  const fs::path& path = options_.path;
  if (!options_.replaces_predecessor) {
    if (auto free = check_free(path); !free) return free;
  }
  const fs::path temporary = fmt::format("{}.{}", path.string(), ::getpid());
  const auto address = handover::unix_address(temporary);
  if (!address) return address.error();
  socket_ = handover::create_socket();
  ::unlink(temporary.c_str());
  if (!socket_ || ::bind(socket_.get(), address->get(), address->bytes) != 0) {
    return base::errno_error("listen on", temporary, errno);
  }
  struct stat info {};
  const bool made =
      ::chmod(temporary.c_str(), 0600) == 0 && ::listen(socket_.get(), kBacklog) == 0 &&
      ::stat(temporary.c_str(), &info) == 0 && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!made) {
    const int error_number = errno;
    ::unlink(temporary.c_str());
    return base::errno_error("listen on", path, error_number);
  }
  device_ = info.st_dev;
  inode_ = info.st_ino;
  return base::ok_status();
}

void HandoverServer::stop() {
  if (!thread_.joinable()) return;
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
  socket_.reset();
  struct stat info {};
  const bool is_mine =
      ::stat(options_.path.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
  if (is_mine) ::unlink(options_.path.c_str());
}

void HandoverServer::run() {
  while (handover::wait_readable(socket_.get(), stop_.get(), UINT64_MAX)) {
    const base::UniqueFd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    handover::limit_sends(client.get());
    if (hand_over(client.get())) return;
  }
}

// One take-over from its first word to its last; true when the successor runs.
bool HandoverServer::hand_over(int client) {
  // Read before anything is refused: a socket that is closed with unread bytes resets the other
  // side, which then does not see why.
  const auto hello = expect(client, handover::kTakeOver, options_.step_timeout_ns);
  const auto peer = handover::peer_of(client);
  if (!peer || !handover::is_trusted(*peer)) {
    spdlog::warn("take-over: refused to process {} of user {}", peer ? peer->pid : 0,
                 peer ? peer->uid : 0);
    handover::send(client, handover::kRefused, "another user");
    return false;
  }
  if (!hello) {
    handover::send(client, handover::kRefused, hello.error().message);
    return false;
  }
  spdlog::info("take-over: process {} asks for the listeners", peer->pid);
  const auto ended = [&](const base::Status& status) {
    spdlog::warn("take-over by process {} has failed, nothing has changed: {}", peer->pid,
                 status.error().message);
    handover::send(client, handover::kRefused, status.error().message);
    return false;
  };
  if (!give_listeners(client, callbacks_.listeners())) return ended(to_error(Failure::kGone));
  if (const auto serves = await_successor(client); !serves) return ended(serves);
  if (const auto runs = release_to(client); !runs) return ended(runs);
  spdlog::info("take-over: process {} runs", peer->pid);
  callbacks_.on_over(peer->pid);
  handover::send(client, handover::kOver);
  return true;
}

bool HandoverServer::give_listeners(int client, const std::vector<int>& fds) const {
  const std::string facts = fmt::format("{} {}", fds.size(), options_.mode);
  if (!handover::send(client, handover::kListeners, facts)) return false;
  std::span<const int> left(fds);
  while (!left.empty()) {
    const auto batch = left.first(std::min(left.size(), handover::kBatchDescriptors));
    if (!handover::send(client, handover::kBatch, std::to_string(batch.size()), batch)) {
      return false;
    }
    left = left.subspan(batch.size());
  }
  return true;
}

// Until "serving". A second successor is told to go away at once.
base::Status HandoverServer::await_successor(int client) {
  const std::uint64_t deadline_ns = base::monotonic_ns() + options_.boot_timeout_ns;
  while (base::monotonic_ns() < deadline_ns) {
    pollfd waits[] = {{client, POLLIN, 0}, {stop_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
    if (::poll(waits, 3, 100) < 0 && errno != EINTR) return to_error(Failure::kSystem);
    // The first one's end comes before the next one's beginning.
    if ((waits[0].revents | waits[1].revents) != 0) {
      return expect(client, handover::kServing, options_.step_timeout_ns);
    }
    if (waits[2].revents != 0) refuse_another();
  }
  return to_error(Failure::kTimeout);
}

void HandoverServer::refuse_another() const {
  const base::UniqueFd other(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!other) return;
  handover::limit_sends(other.get());
  static_cast<void>(expect(other.get(), handover::kTakeOver, kImpatienceNs));
  handover::send(other.get(), handover::kRefused, "another take-over is under way");
}

base::Status HandoverServer::release_to(int client) {
  callbacks_.on_release();
  base::Status runs = to_error(Failure::kGone);
  if (handover::send(client, handover::kReleased)) {
    runs = expect(client, handover::kRunning, options_.step_timeout_ns);
  }
  if (!runs) callbacks_.on_take_back();
  return runs;
}

base::Status HandoverServer::expect(int client, std::string_view verb,
                                    std::uint64_t timeout_ns) const {
  const auto message = handover::receive(client, stop_.get(), base::monotonic_ns() + timeout_ns);
  if (!message) return to_error(message.error());
  if (message->verb == verb) return base::ok_status();
  return base::Error{fmt::format("expected \"{}\", got \"{}\"", verb, message->verb)};
}

}  // namespace pixel::edge
