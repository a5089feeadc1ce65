// SPDX-License-Identifier: Apache-2.0
// The take-over over a real socket: both sides to the end, and each way in which one of them dies.
#include "edge/life/handover.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "edge/life/handover_address.h"
#include "edge/life/handover_wire.h"
#include "edge/life/successor.h"

namespace pixel::edge {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

fs::path fresh_folder() {
  static int count = 0;
  fs::path folder = fs::temp_directory_path() / ("pixel-handover-" + std::to_string(::getpid()) +
                                                 "-" + std::to_string(count++));
  fs::create_directories(folder);
  return folder;
}

ino_t inode_of(int fd) {
  struct stat info {};
  EXPECT_EQ(::fstat(fd, &info), 0);
  return info.st_ino;
}

// A running edge, as far as a successor sees one: some sockets, and a diary of what was asked.
class Predecessor {
 public:
  explicit Predecessor(std::size_t sockets_count = 3) {
    for (std::size_t i = 0; i < sockets_count; ++i) {
      sockets_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    }
    options_.path = folder_ / "edge.sock";
    options_.mode = "epoll";
  }
  ~Predecessor() {
    server_.reset();
    fs::remove_all(folder_);
  }

  HandoverOptions& options() { return options_; }
  const fs::path& path() const { return options_.path; }
  const std::vector<base::UniqueFd>& sockets() const { return sockets_; }

  base::Status start() {
    auto server = HandoverServer::start(options_, callbacks());
    if (!server) return server.error();
    server_ = std::move(server).value();
    return base::ok_status();
  }
  void stop() { server_->stop(); }

  std::vector<std::string> diary() {
    const std::scoped_lock lock(mutex_);
    return diary_;
  }
  // Waits until so much is written.
  std::vector<std::string> diary(std::size_t entries) {
    for (int i = 0; i < 1000 && diary().size() < entries; ++i) std::this_thread::sleep_for(5ms);
    return diary();
  }

 private:
  void note(std::string text) {
    const std::scoped_lock lock(mutex_);
    diary_.push_back(std::move(text));
  }
  HandoverCallbacks callbacks() {
    HandoverCallbacks callbacks;
    callbacks.listeners = [this] {
      note("listeners");
      std::vector<int> fds;
      for (const base::UniqueFd& fd : sockets_) fds.push_back(fd.get());
      return fds;
    };
    callbacks.on_release = [this] { note("release"); };
    callbacks.on_take_back = [this] { note("take back"); };
    callbacks.on_over = [this](int pid) { note("over " + std::to_string(pid)); };
    return callbacks;
  }

  fs::path folder_ = fresh_folder();
  HandoverOptions options_;
  std::vector<base::UniqueFd> sockets_;
  std::mutex mutex_;
  std::vector<std::string> diary_;
  std::unique_ptr<HandoverServer> server_;
};

// One end of a raw connection, to say what no client of ours would.
base::UniqueFd connect_raw(const fs::path& path) {
  base::UniqueFd fd = handover::create_socket();
  const auto address = handover::unix_address(path);
  EXPECT_EQ(::connect(fd.get(), address->get(), address->bytes), 0) << std::strerror(errno);
  return fd;
}

handover::Message next(const base::UniqueFd& fd) {
  auto message = handover::receive(fd.get(), -1, base::monotonic_ns() + 5 * base::kSecondNs);
  if (message) return std::move(message).value();
  return {"failure", std::string(handover::failure_text(message.error())), {}};
}

std::string self_over() { return "over " + std::to_string(::getpid()); }

TEST(Handover, GivesTheVeryListenersAndEndsInOrder) {
  Predecessor predecessor(300);  // More than one batch.
  ASSERT_TRUE(predecessor.start().ok());
  auto client = HandoverClient::ask(predecessor.path());
  ASSERT_TRUE(client.ok()) << client.error().message;
  EXPECT_EQ((*client)->mode(), "epoll");
  EXPECT_EQ((*client)->predecessor_pid(), ::getpid());
  const auto listeners = (*client)->take_listeners();
  ASSERT_THAT(listeners, SizeIs(300));
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    EXPECT_EQ(inode_of(listeners[i].get()), inode_of(predecessor.sockets()[i].get()));
    EXPECT_EQ(::fcntl(listeners[i].get(), F_GETFD), FD_CLOEXEC);
  }
  EXPECT_THAT(predecessor.diary(), ElementsAre("listeners"));
  ASSERT_TRUE((*client)->announce_serving().ok());
  EXPECT_THAT(predecessor.diary(), ElementsAre("listeners", "release"));
  ASSERT_TRUE((*client)->announce_running().ok());
  EXPECT_THAT(predecessor.diary(), ElementsAre("listeners", "release", self_over()));
}

TEST(Handover, NoListenersAtAllIsFine) {
  Predecessor predecessor(0);
  ASSERT_TRUE(predecessor.start().ok());
  auto client = HandoverClient::ask(predecessor.path());
  ASSERT_TRUE(client.ok());
  EXPECT_THAT((*client)->take_listeners(), IsEmpty());
  EXPECT_TRUE((*client)->announce_serving().ok());
}

// Where the successor dies, and what the predecessor has done by then. After each, the next
// successor succeeds.
TEST(Handover, ASuccessorMayDieAtEachStep) {
  struct Case {
    const char* name;
    int steps;
    std::vector<std::string> diary;
  };
  const std::vector<Case> cases = {
      {"connected", 0, {}},
      {"asked", 1, {"listeners"}},
      {"has the listeners", 2, {"listeners"}},
      {"served", 3, {"listeners", "release", "take back"}},
      {"was given the release", 4, {"listeners", "release", "take back"}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    Predecessor predecessor;
    ASSERT_TRUE(predecessor.start().ok());
    {
      const base::UniqueFd fd = connect_raw(predecessor.path());
      if (each.steps >= 1) {
        handover::send(fd.get(), handover::kTakeOver);
      }
      if (each.steps >= 2) {
        EXPECT_EQ(next(fd).verb, "listeners");
        EXPECT_THAT(next(fd).fds, SizeIs(3));
      }
      if (each.steps >= 3) {
        handover::send(fd.get(), handover::kServing);
      }
      if (each.steps >= 4) {
        EXPECT_EQ(next(fd).verb, "released");
      }
    }
    EXPECT_EQ(predecessor.diary(each.diary.size()), each.diary);
    auto client = HandoverClient::ask(predecessor.path());
    ASSERT_TRUE(client.ok()) << client.error().message;
    ASSERT_TRUE((*client)->announce_serving().ok());
    ASSERT_TRUE((*client)->announce_running().ok());
    auto whole = each.diary;
    whole.insert(whole.end(), {"listeners", "release", self_over()});
    EXPECT_EQ(predecessor.diary(), whole);
  }
}

TEST(Handover, AKilledProcessIsNoticedAtOnce) {
  Predecessor predecessor;
  ASSERT_TRUE(predecessor.start().ok());
  const pid_t child = ::fork();
  if (child == 0) {
    auto client = HandoverClient::ask(predecessor.path());
    if (!client) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto client = HandoverClient::ask(predecessor.path());
  ASSERT_TRUE(client.ok()) << client.error().message;
}

TEST(Handover, ASuccessorThatNeverServesIsGivenUp) {
  Predecessor predecessor;
  predecessor.options().boot_timeout_ns = 50 * base::kMillisecondNs;
  ASSERT_TRUE(predecessor.start().ok());
  auto client = HandoverClient::ask(predecessor.path());
  ASSERT_TRUE(client.ok());
  std::this_thread::sleep_for(400ms);
  const auto late = (*client)->announce_serving();
  ASSERT_FALSE(late.ok());
  EXPECT_THAT(predecessor.diary(), ElementsAre("listeners"));
}

TEST(Handover, OneThatServesButNeverRunsIsGivenUpAndTheReleaseTakenBack) {
  Predecessor predecessor;
  predecessor.options().step_timeout_ns = 50 * base::kMillisecondNs;
  ASSERT_TRUE(predecessor.start().ok());
  auto client = HandoverClient::ask(predecessor.path());
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE((*client)->announce_serving().ok());
  EXPECT_THAT(predecessor.diary(3), ElementsAre("listeners", "release", "take back"));
  EXPECT_FALSE((*client)->announce_running().ok());
}

TEST(Handover, WrongWordsAreRefusedWithTheReason) {
  struct Case {
    std::vector<std::string> packets;
    const char* reason;
  };
  const std::string protocol(handover::kProtocol);
  for (const Case& each : {Case{{"GET / HTTP/1.1"}, "does not speak this version"},
                           {{"pixeledge-handover/2 take-over"}, "does not speak this version"},
                           {{protocol}, "does not speak this version"},
                           {{protocol + "take-over"}, "does not speak this version"},
                           {{protocol + " "}, "does not speak this version"},
                           {{protocol + " serving"}, "expected \"take-over\", got \"serving\""},
                           {{std::string(5000, 'x')}, "does not speak this version"}}) {
    SCOPED_TRACE(each.packets[0].substr(0, 60));
    Predecessor predecessor;
    ASSERT_TRUE(predecessor.start().ok());
    const base::UniqueFd fd = connect_raw(predecessor.path());
    for (const std::string& packet : each.packets) {
      ASSERT_EQ(::send(fd.get(), packet.data(), packet.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(packet.size()));
    }
    const auto answer = next(fd);
    EXPECT_EQ(answer.verb, "refused");
    EXPECT_THAT(answer.rest, HasSubstr(each.reason));
    EXPECT_THAT(predecessor.diary(), IsEmpty());
  }
}

TEST(Handover, RunningBeforeServingIsRefused) {
  Predecessor predecessor;
  ASSERT_TRUE(predecessor.start().ok());
  auto client = HandoverClient::ask(predecessor.path());
  ASSERT_TRUE(client.ok());
  const auto status = (*client)->announce_running();
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("expected \"serving\", got \"running\""));
  EXPECT_THAT(predecessor.diary(), ElementsAre("listeners"));
}

TEST(Handover, ASecondSuccessorIsToldSo) {
  Predecessor predecessor;
  ASSERT_TRUE(predecessor.start().ok());
  auto first = HandoverClient::ask(predecessor.path());
  ASSERT_TRUE(first.ok());
  const auto second = HandoverClient::ask(predecessor.path());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message, HasSubstr("another take-over is under way"));
  EXPECT_TRUE((*first)->announce_serving().ok());
  EXPECT_TRUE((*first)->announce_running().ok());
}

TEST(Handover, APredecessorThatStopsTellsItsSuccessor) {
  Predecessor predecessor;
  ASSERT_TRUE(predecessor.start().ok());
  auto client = HandoverClient::ask(predecessor.path());
  ASSERT_TRUE(client.ok());
  predecessor.stop();
  EXPECT_FALSE(fs::exists(predecessor.path()));
  const auto status = (*client)->announce_serving();
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("stopping"));
}

TEST(Handover, AnotherEdgeDoesNotTakeThePathButASuccessorDoes) {
  Predecessor first;
  ASSERT_TRUE(first.start().ok());
  Predecessor second;
  second.options().path = first.path();
  const auto refused = second.start();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("listens for its successor"));
  second.options().replaces_predecessor = true;
  ASSERT_TRUE(second.start().ok());
  // The first one's end leaves the second one's socket alone.
  first.stop();
  ASSERT_TRUE(HandoverClient::ask(second.path()).ok());
  EXPECT_THAT(second.diary(), ElementsAre("listeners"));
  EXPECT_THAT(first.diary(), IsEmpty());
}

TEST(Handover, TheSocketIsPrivateAndReplacesADeadOne) {
  Predecessor predecessor;
  {
    const base::UniqueFd dead = handover::create_socket();
    const auto address = handover::unix_address(predecessor.path());
    ASSERT_EQ(::bind(dead.get(), address->get(), address->bytes), 0);
  }
  ASSERT_TRUE(predecessor.start().ok());
  struct stat info {};
  ASSERT_EQ(::stat(predecessor.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  std::size_t files = 0;
  for (const auto& each : fs::directory_iterator(predecessor.path().parent_path())) {
    files += each.exists() ? 1U : 0U;
  }
  EXPECT_EQ(files, 1U) << "nothing temporary is left";
}

TEST(Handover, AnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be another user";
  Predecessor predecessor;
  ASSERT_TRUE(predecessor.start().ok());
  ASSERT_EQ(::chmod(predecessor.path().c_str(), 0666), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setuid(65'534) != 0) ::_exit(2);
    const base::UniqueFd fd = connect_raw(predecessor.path());
    handover::send(fd.get(), handover::kTakeOver);
    const auto answer = next(fd);
    ::_exit(answer.verb == "refused" && answer.rest == "another user" ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(predecessor.diary(), IsEmpty());
}

TEST(Handover, SaysWhatStandsInTheWay) {
  Predecessor predecessor;
  predecessor.options().path = "/nonexistent/edge.sock";
  EXPECT_THAT(predecessor.start().error().message, HasSubstr("No such file or directory"));
  predecessor.options().path = "/tmp/" + std::string(200, 'x');
  EXPECT_THAT(predecessor.start().error().message, HasSubstr("is no path for a socket"));
  EXPECT_THAT(HandoverClient::ask("").error().message, HasSubstr("is no path for a socket"));
  EXPECT_THAT(HandoverClient::ask("/nonexistent/edge.sock").error().message,
              HasSubstr("start without --take-over"));
}

// What a predecessor that is broken, or an impostor, may say: an error, and never a listener.
TEST(Handover, AClientBelievesNothing) {
  struct Case {
    const char* facts;
    std::vector<std::string> batches;  // Each with one descriptor.
  };
  const fs::path folder = fresh_folder();
  const auto address = handover::unix_address(folder / "s");
  for (const Case& each : {Case{"", {}},
                           {"x epoll", {}},
                           {"99999999999 epoll", {}},
                           {"-1 epoll", {}},
                           {"2 epoll", {"1", "2"}},
                           {"2 epoll", {"1"}},
                           {"1 epoll", {"0"}},
                           {"2 epoll", {"1", "x"}}}) {
    SCOPED_TRACE(each.facts);
    fs::remove(folder / "s");
    const base::UniqueFd listener = handover::create_socket();
    ASSERT_EQ(::bind(listener.get(), address->get(), address->bytes), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    std::thread impostor([&] {
      const base::UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      static_cast<void>(next(fd));
      handover::send(fd.get(), handover::kListeners, each.facts);
      const int one = 0;
      for (const std::string& batch : each.batches) {
        handover::send(fd.get(), handover::kBatch, batch, {&one, 1});
      }
    });
    EXPECT_FALSE(HandoverClient::ask(folder / "s", 5 * base::kSecondNs).ok());
    impostor.join();
  }
  fs::remove_all(folder);
}

TEST(Handover, ASilentPredecessorIsGivenUp) {
  const fs::path folder = fresh_folder();
  const base::UniqueFd listener = handover::create_socket();
  const auto address = handover::unix_address(folder / "s");
  ASSERT_EQ(::bind(listener.get(), address->get(), address->bytes), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const auto client = HandoverClient::ask(folder / "s", 50 * base::kMillisecondNs);
  ASSERT_FALSE(client.ok());
  EXPECT_THAT(client.error().message, HasSubstr("no answer in time"));
  fs::remove_all(folder);
}

TEST(Successor, IsTheSameCommandWithTheFlagAndNoSignalBlocked) {
  const auto own = own_command_line();
  ASSERT_TRUE(own.ok());
  EXPECT_THAT(own->at(0), HasSubstr("edge_life_parts_test"));
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, &before);
  const char* const script = "test \"$1\" = --take-over && test $# = 1 && kill -TERM $$; exit 9";
  const auto pid = start_successor({"/bin/sh", "-c", script, "edge"});
  ASSERT_TRUE(pid.ok()) << pid.error().message;
  int status = 0;
  ASSERT_EQ(::waitpid(*pid, &status, 0), *pid);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  EXPECT_FALSE(start_successor({"/nonexistent/pixel-edge"}).ok());
  EXPECT_FALSE(start_successor({}).ok());
}

}  // namespace
}  // namespace pixel::edge
