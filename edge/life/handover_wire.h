// SPDX-License-Identifier: Apache-2.0
// What both sides of the handover share: the words, and messages with descriptors over a
// SOCK_SEQPACKET socket. COLD. The protocol is described in handover.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::edge::handover {

/// Each message begins with it. A change of meaning takes another number.
inline constexpr std::string_view kProtocol = "pixeledge-handover/1";

inline constexpr std::string_view kTakeOver = "take-over";
inline constexpr std::string_view kListeners = "listeners";
inline constexpr std::string_view kBatch = "batch";
inline constexpr std::string_view kServing = "serving";
inline constexpr std::string_view kReleased = "released";
inline constexpr std::string_view kRunning = "running";
inline constexpr std::string_view kOver = "over";
inline constexpr std::string_view kRefused = "refused";

/// The kernel passes 253 with one message (SCM_MAX_FD).
inline constexpr std::size_t kBatchDescriptors = 128;
inline constexpr std::size_t kMessageBytesMax = 512;
/// More than any machine has workers times addresses.
inline constexpr std::size_t kDescriptorsMax = 65'536;

struct Message {
  std::string verb;
  std::string rest;  // What follows the verb and a space.
  std::vector<base::UniqueFd> fds;
};

enum class Failure : std::uint8_t {
  kTimeout,
  kGone,       // The other side has closed, or died.
  kMalformed,  // Another protocol or version, or bytes that are no message of it.
  kStopped,    // `stop_fd` became readable.
  kSystem,     // A system call failed.
};
std::string_view failure_text(Failure failure) noexcept;

/// Waits until `fd` is readable (or `stop_fd` is, where it is not -1), at most until `deadline_ns`.
base::Result<base::Unit, Failure> wait_readable(int fd, int stop_fd, std::uint64_t deadline_ns);

/// The next message; its descriptors are close-on-exec.
base::Result<Message, Failure> receive(int fd, int stop_fd, std::uint64_t deadline_ns);

/// False when the other side is gone. Never blocks longer than a second; never raises SIGPIPE.
bool send(int fd, std::string_view verb, std::string_view rest = {}, std::span<const int> fds = {});

/// The process and user at the other end, as the kernel knows them.
struct Peer {
  int pid = 0;
  unsigned uid = 0;
};
base::Result<Peer, Failure> peer_of(int fd);
/// The same user as this process, or root.
bool is_trusted(const Peer& peer) noexcept;

/// A SOCK_SEQPACKET socket; sends wait a second at most.
base::UniqueFd create_socket();
/// Limits how long a send on an accepted socket waits.
void limit_sends(int fd);

}  // namespace pixel::edge::handover
