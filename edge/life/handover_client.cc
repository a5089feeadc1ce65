// SPDX-License-Identifier: Apache-2.0
// COLD: the successor's side; see handover.h.
#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/clock.h"
#include "edge/life/handover.h"
#include "edge/life/handover_address.h"
#include "edge/life/handover_wire.h"

namespace pixel::edge {
namespace {

using handover::Failure;

std::optional<std::size_t> count_of(std::string_view text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool is_count = error == std::errc{} && end == text.data() + text.size();
  return is_count && count <= handover::kDescriptorsMax ? std::optional(count) : std::nullopt;
}

base::Error unexpected(const handover::Message& message) {
  if (message.verb == handover::kRefused) {
    return base::Error{"take-over: the running edge refuses: " + message.rest};
  }
  return base::Error{fmt::format("take-over: the running edge said \"{} {}\" out of turn",
                                 message.verb, message.rest)};
}

base::Error to_error(Failure failure) {
  return base::Error{fmt::format("take-over: {}", handover::failure_text(failure))};
}

}  // namespace

base::Result<std::unique_ptr<HandoverClient>> HandoverClient::ask(const std::filesystem::path& path,
                                                                  std::uint64_t timeout_ns) {
  const auto address = handover::unix_address(path);
  if (!address) return address.error();
  base::UniqueFd socket = handover::create_socket();
  if (::connect(socket.get(), address->get(), address->bytes) != 0) {
    return base::Error{fmt::format(
        "take-over: cannot reach a running edge at {}: {}; without one, start without --take-over",
        path.string(), std::strerror(errno))};
  }
  const auto peer = handover::peer_of(socket.get());
  if (!peer || !handover::is_trusted(*peer)) {
    return base::Error{fmt::format("take-over: user {} listens at {}, who is not this one",
                                   peer ? peer->uid : 0, path.string())};
  }
  std::unique_ptr<HandoverClient> client(new HandoverClient(std::move(socket), peer->pid));
  const auto taken = client->receive_listeners(base::monotonic_ns() + timeout_ns);
  if (!taken) return taken.error();
  return client;
}

base::Status HandoverClient::receive_listeners(std::uint64_t deadline_ns) {
  // Where this cannot be sent, the reason (refused) may be there to be read.
  handover::send(socket_.get(), handover::kTakeOver);
  const auto message = handover::receive(socket_.get(), -1, deadline_ns);
  if (!message) return to_error(message.error());
  if (message->verb != handover::kListeners) return unexpected(*message);
  const std::string_view rest = message->rest;
  const std::size_t space = std::min(rest.find(' '), rest.size());
  const auto count = count_of(rest.substr(0, space));
  if (!count) return to_error(Failure::kMalformed);
  mode_ = rest.substr(std::min(space + 1, rest.size()));
  return receive_batches(*count, deadline_ns);
}

base::Status HandoverClient::receive_batches(std::size_t count, std::uint64_t deadline_ns) {
  while (listeners_.size() < count) {
    auto batch = handover::receive(socket_.get(), -1, deadline_ns);
    if (!batch) return to_error(batch.error());
    if (batch->verb != handover::kBatch) return unexpected(*batch);
    const bool is_whole = count_of(batch->rest) == batch->fds.size() && !batch->fds.empty();
    if (!is_whole || batch->fds.size() > count - listeners_.size()) {
      return base::Error{
          fmt::format("take-over: {} of {} descriptors arrived in a batch; is LimitNOFILE too low?",
                      batch->fds.size(), batch->rest)};
    }
    for (base::UniqueFd& fd : batch->fds) listeners_.push_back(std::move(fd));
  }
  return base::ok_status();
}

base::Status HandoverClient::announce_serving(std::uint64_t timeout_ns) {
  return exchange(handover::kServing, handover::kReleased, timeout_ns);
}

base::Status HandoverClient::announce_running(std::uint64_t timeout_ns) {
  return exchange(handover::kRunning, handover::kOver, timeout_ns);
}

base::Status HandoverClient::exchange(std::string_view verb, std::string_view answer,
                                      std::uint64_t timeout_ns) {
  handover::send(socket_.get(), verb);
  const auto message = handover::receive(socket_.get(), -1, base::monotonic_ns() + timeout_ns);
  if (!message) return to_error(message.error());
  if (message->verb != answer) return unexpected(*message);
  return base::ok_status();
}

}  // namespace pixel::edge
