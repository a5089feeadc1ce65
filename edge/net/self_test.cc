// SPDX-License-Identifier: Apache-2.0
// COLD: see self_test.h.
#include "edge/net/self_test.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/unique_fd.h"
#include "edge/net/kernel_ring.h"
#include "edge/net/operations.h"

namespace pixel::edge {
namespace {

constexpr CompletionToken kReceiveToken{Operation::kReceive, 1, 1};
constexpr CompletionToken kSendToken{Operation::kSend, 1, 1};

struct Pair {
  base::UniqueFd ours;
  base::UniqueFd theirs;
};

Pair make_pair_of_sockets() {
  int fds[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return {};
  return {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
}

std::vector<io_uring_cqe> enter_and_collect(KernelRing& ring, unsigned completions) {
  ring.enter(Wait{completions, 0, 200'000'000});
  std::vector<io_uring_cqe> collected;
  ring.for_each_completion(
      [&](const io_uring_cqe& c) {
        io_uring_cqe copy{};
        copy.user_data = c.user_data;
        copy.res = c.res;
        copy.flags = c.flags;
        collected.push_back(copy);
      },
      [](const io_uring_cqe&, Ahead) {});
  return collected;
}

// Two buffers are there; the third piece of input must end the receive with -ENOBUFS.
bool receive_works(KernelRing& ring, const Pair& pair) {
  prepare_receive(ring.next_entry(), pair.ours.get(), kReceiveToken);
  std::vector<int> results;
  for (int i = 0; i < 3; ++i) {
    if (::write(pair.theirs.get(), "x", 1) != 1) return false;
    for (const auto& completion : enter_and_collect(ring, 1)) results.push_back(completion.res);
  }
  return results == std::vector<int>{1, 1, -ENOBUFS};
}

bool short_send_reports(KernelRing& ring, const Pair& pair) {
  static const std::array<char, 1 << 20> bytes{};
  prepare_send(ring.next_entry(), pair.ours.get(), bytes.data(),
               static_cast<std::uint32_t>(bytes.size()), false, kSendToken);
  const auto completions = enter_and_collect(ring, 1);
  return completions.size() == 1 && completions[0].user_data == pack(kSendToken) &&
         completions[0].res < static_cast<int>(bytes.size());
}

bool close_sends_end(KernelRing& ring, Pair& pair) {
  prepare_receive(ring.next_entry(), pair.ours.get(), kReceiveToken);
  enter_and_collect(ring, 0);
  prepare_cancel(ring.next_entry(), pair.ours.get());
  prepare_close(ring.next_entry(), pair.ours.release());
  const auto completions = enter_and_collect(ring, 1);
  if (completions.size() != 1 || completions[0].res != -ECANCELED) return false;
  pollfd waiting{pair.theirs.get(), POLLRDHUP, 0};
  return ::poll(&waiting, 1, 200) == 1 && (waiting.revents & POLLRDHUP) != 0;
}

}  // namespace

base::Status test_kernel_ring() {
  RingOptions options;
  options.submission_entries = 16;
  options.completion_entries = 64;
  options.receive_buffers = 2;
  auto ring = KernelRing::create(options);
  if (!ring) return ring.error();
  Pair receiving = make_pair_of_sockets();
  Pair sending = make_pair_of_sockets();
  Pair closing = make_pair_of_sockets();
  if (!receiving.ours || !sending.ours || !closing.ours) {
    return base::Error{"socketpair failed: no file descriptors left?"};
  }
  KernelRing& tested = *ring.value();
  if (!receive_works(tested, receiving)) return base::Error{"multishot receive does not work here"};
  tested.give_back(0);
  tested.give_back(1);
  tested.publish_buffers();
  if (!short_send_reports(tested, sending)) return base::Error{"a short send goes unreported here"};
  if (!close_sends_end(tested, closing)) return base::Error{"cancel and close do not work here"};
  return base::ok_status();
}

}  // namespace pixel::edge
