// SPDX-License-Identifier: Apache-2.0
// The take-over: a new process gets the listeners of the running one, serves beside it, and only
// then is the old one drained. No listener is closed in between, so no connection is refused. COLD;
// the server side has a thread of its own, the client side is the main thread's.
//
// A UNIX SOCK_SEQPACKET socket, mode 0600; both sides check that the other is of the same user, or
// root (SO_PEERCRED). One message is one packet: "pixeledge-handover/1 VERB REST".
//
//   successor                        predecessor
//   take-over                   ->
//                               <-   listeners COUNT MODE      MODE: its backend, see mode()
//                               <-   batch N                   N descriptors (SCM_RIGHTS), until
//                                                              COUNT have come
//   (boots, serves beside it)
//   serving                     ->
//                                    (frees its admin port and whatever only one can have)
//                               <-   released
//   (starts its admin listener, renames its own handover socket over the path)
//   running                     ->
//                                    (tells the manager who is the main process, begins its drain)
//                               <-   over
//
//   Instead of any answer:      <-   refused WHY               and the predecessor serves on
//
// Whatever goes wrong before "running" (a time-out, a closed connection, other words), the
// predecessor serves on as before; where it had released something it takes that back. Nothing but
// a release needs undoing: the successor's copies of the listeners end with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace pixel::edge {

struct HandoverOptions {
  std::filesystem::path path;
  std::string mode;  // One word, for the successor's mode().
  /// After a take-over the socket at `path` is the predecessor's, and replaced. Else one on which
  /// somebody still listens is an error.
  bool replaces_predecessor = false;
  std::uint64_t boot_timeout_ns = 180 * base::kSecondNs;  // From the listeners to "serving".
  std::uint64_t step_timeout_ns = 15 * base::kSecondNs;   // For every other message.
};

/// All are called by the handover's thread, one at a time, and must not call stop().
struct HandoverCallbacks {
  /// The listeners, borrowed; they stay open until stop() has returned.
  std::function<std::vector<int>()> listeners;
  /// A successor serves: free what it needs and only one process can have.
  std::function<void()> on_release;
  /// It failed after all: take that back, nothing else has changed.
  std::function<void()> on_take_back;
  /// It runs: make it the main process (MAINPID) and have the drain begun, without waiting for it.
  std::function<void(int successor_pid)> on_over;
};

/// The predecessor's side. After on_over it takes no one else.
class HandoverServer {
 public:
  /// Listens at once. An error says what stands in the way; the edge can serve without.
  static base::Result<std::unique_ptr<HandoverServer>> start(HandoverOptions options,
                                                             HandoverCallbacks callbacks);
  ~HandoverServer();
  HandoverServer(const HandoverServer&) = delete;
  HandoverServer& operator=(const HandoverServer&) = delete;

  /// Ends a take-over that is under way (the successor is told), removes the socket's path where it
  /// is still this process's, joins the thread. May be called again.
  void stop();

 private:
  HandoverServer(HandoverOptions options, HandoverCallbacks callbacks);
  base::Status listen();
  void run();
  bool hand_over(int client);
  bool give_listeners(int client, const std::vector<int>& fds) const;
  base::Status await_successor(int client);
  base::Status release_to(int client);
  base::Status expect(int client, std::string_view verb, std::uint64_t timeout_ns) const;
  void refuse_another() const;

  const HandoverOptions options_;
  const HandoverCallbacks callbacks_;
  base::UniqueFd stop_;
  base::UniqueFd socket_;
  std::uint64_t device_ = 0;  // Of the path, to know it again.
  std::uint64_t inode_ = 0;
  std::thread thread_;
};

/// The successor's side. Destroyed before announce_running() has succeeded, it leaves the
/// predecessor as it was.
class HandoverClient {
 public:
  /// Asks the process that listens at `path` for its listeners. The error says why there are none.
  static base::Result<std::unique_ptr<HandoverClient>> ask(
      const std::filesystem::path& path, std::uint64_t timeout_ns = 15 * base::kSecondNs);

  /// What was given, once: afterwards empty.
  std::vector<base::UniqueFd> take_listeners() { return std::move(listeners_); }
  /// The predecessor's HandoverOptions::mode. The successor must serve in the same one: O_NONBLOCK
  /// is shared by all copies of a listener, and the two backends need opposite ones.
  const std::string& mode() const noexcept { return mode_; }
  int predecessor_pid() const noexcept { return predecessor_pid_; }

  /// All workers serve: waits until the predecessor has released its admin port. An error: it
  /// serves on, and this process must end.
  base::Status announce_serving(std::uint64_t timeout_ns = 30 * base::kSecondNs);
  /// All runs, the handover socket included: waits until the predecessor has let go, which is when
  /// the manager takes this process for the main one. An error: it died first, or serves on.
  base::Status announce_running(std::uint64_t timeout_ns = 30 * base::kSecondNs);

 private:
  HandoverClient(base::UniqueFd socket, int pid)
      : socket_(std::move(socket)), predecessor_pid_(pid) {}
  base::Status receive_listeners(std::uint64_t deadline_ns);
  base::Status receive_batches(std::size_t count, std::uint64_t deadline_ns);
  base::Status exchange(std::string_view verb, std::string_view answer, std::uint64_t timeout_ns);

  base::UniqueFd socket_;
  int predecessor_pid_;
  std::vector<base::UniqueFd> listeners_;
  std::string mode_;
};

}  // namespace pixel::edge
