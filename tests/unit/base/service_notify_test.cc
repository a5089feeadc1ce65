// SPDX-License-Identifier: Apache-2.0
// What a manager at the other end of a datagram socket receives.
#include "base/service_notify.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/units.h"

namespace pixel::base {
namespace {

using Advice = WatchdogSchedule::Advice;

constexpr pid_t kSelf = 4711;

struct Message {
  std::string text;
  UniqueFd fd;
};

// The manager's end, at a path or at an abstract name.
class Manager {
 public:
  explicit Manager(std::string name) : name_(std::move(name)) {
    std::string target = name_;
    if (target.front() == '@') target.front() = '\0';
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, target.data(), target.size());
    socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + target.size());
    const auto* const to = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    EXPECT_EQ(::bind(socket_.get(), to, bytes), 0) << std::strerror(errno);
  }
  ~Manager() {
    if (name_.front() == '/') ::unlink(name_.c_str());
  }

  Message next() {
    char text[4096];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    iovec bytes{text, sizeof text};
    msghdr header{};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t count = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
    Message message;
    if (count < 0) return {"nothing", UniqueFd()};
    message.text.assign(text, static_cast<std::size_t>(count));
    if (const cmsghdr* const rights = CMSG_FIRSTHDR(&header); rights != nullptr) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
      message.fd.reset(fd);
    }
    return message;
  }

  const std::string& name() const { return name_; }

 private:
  std::string name_;
  UniqueFd socket_;
};

std::string unique_name(const char* prefix) { return prefix + std::to_string(::getpid()); }

ServiceNotify notify_of(const Manager& manager) {
  return ServiceNotify({manager.name(), "", ""}, kSelf);
}

TEST(ServiceNotify, SpeaksToPathsAndAbstractNames) {
  for (const std::string& name : {unique_name("/tmp/pixel-notify-"), unique_name("@pixel-")}) {
    Manager manager(name);
    ServiceNotify notify = notify_of(manager);
    EXPECT_TRUE(notify.enabled());
    notify.ready("serving on 127.0.0.1:8080");
    EXPECT_EQ(manager.next().text, "READY=1\nSTATUS=serving on 127.0.0.1:8080");
    EXPECT_EQ(manager.next().text, "nothing");
    EXPECT_EQ(notify.failures_count(), 0U);
  }
}

TEST(ServiceNotify, SaysEachThingInItsWords) {
  Manager manager(unique_name("@pixel-words-"));
  ServiceNotify notify = notify_of(manager);
  notify.reloading(12'345'678'901);
  EXPECT_EQ(manager.next().text, "RELOADING=1\nMONOTONIC_USEC=12345678");
  notify.stopping("draining");
  EXPECT_EQ(manager.next().text, "STOPPING=1\nSTATUS=draining");
  notify.ping();
  EXPECT_EQ(manager.next().text, "WATCHDOG=1");
  notify.main_pid(99);
  EXPECT_EQ(manager.next().text, "MAINPID=99");
  notify.forget("edge-0");
  EXPECT_EQ(manager.next().text, "FDSTOREREMOVE=1\nFDNAME=edge-0");
}

TEST(ServiceNotify, TextCannotBeReadAsAnotherAssignment) {
  Manager manager(unique_name("@pixel-lines-"));
  ServiceNotify notify = notify_of(manager);
  notify.status("a\nMAINPID=1\n");
  EXPECT_EQ(manager.next().text, "STATUS=a MAINPID=1 ");
  notify.forget("[::1]:80\nREADY=1\x7f");
  EXPECT_EQ(manager.next().text, "FDSTOREREMOVE=1\nFDNAME=[__1]_80_READY=1_");
  notify.forget(std::string(1000, 'x'));
  EXPECT_EQ(manager.next().text, "FDSTOREREMOVE=1\nFDNAME=" + std::string(255, 'x'));
}

TEST(ServiceNotify, StoresTheVeryDescriptor) {
  Manager manager(unique_name("@pixel-store-"));
  ServiceNotify notify = notify_of(manager);
  const UniqueFd stored(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  notify.store(stored.get(), "edge-127.0.0.1:8080");
  const Message message = manager.next();
  EXPECT_EQ(message.text, "FDSTORE=1\nFDNAME=edge-127.0.0.1_8080");
  struct stat mine {};
  struct stat theirs {};
  ASSERT_EQ(::fstat(stored.get(), &mine), 0);
  ASSERT_EQ(::fstat(message.fd.get(), &theirs), 0);
  EXPECT_EQ(mine.st_ino, theirs.st_ino);
}

TEST(ServiceNotify, IsSilentWithoutAManager) {
  for (const std::string& name : {std::string(), std::string("relative"), std::string("@"),
                                  std::string("vsock:2:1234"), "/" + std::string(200, 'x')}) {
    ServiceNotify notify({name, "1000000", ""}, kSelf);
    EXPECT_FALSE(notify.enabled()) << name;
    EXPECT_EQ(notify.watchdog_ns(), 0U) << name;
    notify.ready("");
    notify.store(0, "x");
    EXPECT_EQ(notify.failures_count(), 0U) << name;
  }
}

TEST(ServiceNotify, AManagerThatIsGoneIsCountedAndNoMore) {
  ServiceNotify notify({"/nonexistent/notify", "", ""}, kSelf);
  notify.ready("");
  notify.ping();
  EXPECT_EQ(notify.failures_count(), 2U);
}

TEST(ServiceNotify, TheWatchdogIsForTheProcessThatItNames) {
  struct Case {
    const char* usec;
    const char* pid;
    pid_t instead_of;
    std::uint64_t expected_ns;
  };
  for (const Case& each : {Case{"30000000", "4711", 0, 30 * kSecondNs},
                           {"30000000", "", 0, 30 * kSecondNs},
                           {"30000000", "4712", 0, 0},
                           {"30000000", "4712", 4712, 30 * kSecondNs},
                           {"30000000", "4713", 4712, 0},
                           {"30000000", "nobody", 0, 0},
                           {"", "4711", 0, 0},
                           {"soon", "4711", 0, 0},
                           {"-1", "4711", 0, 0},
                           {"18446744073709551615", "4711", 0, 0}}) {
    const ServiceNotify notify({"@pixel-none", each.usec, each.pid}, kSelf, each.instead_of);
    EXPECT_EQ(notify.watchdog_ns(), each.expected_ns) << each.usec << " " << each.pid;
  }
}

TEST(ServiceNotify, ReadsTheEnvironmentAndLeavesIt) {
  ::setenv("NOTIFY_SOCKET", "@here", 1);
  ::setenv("WATCHDOG_USEC", "5", 1);
  ::unsetenv("WATCHDOG_PID");
  const NotifyVariables variables = NotifyVariables::from_environment();
  EXPECT_EQ(variables.socket, "@here");
  EXPECT_EQ(variables.watchdog_usec, "5");
  EXPECT_EQ(variables.watchdog_pid, "");
  EXPECT_STREQ(::getenv("NOTIFY_SOCKET"), "@here");
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("WATCHDOG_USEC");
}

TEST(WatchdogSchedule, PingsFourTimesInATimeout) {
  WatchdogSchedule schedule(40 * kSecondNs);
  int pings = 0;
  for (std::uint64_t second = 100; second < 140; ++second) {
    const std::uint64_t now_ns = second * kSecondNs;
    if (schedule.at(now_ns, now_ns - kSecondNs) == Advice::kPing) ++pings;
  }
  EXPECT_EQ(pings, 4);
}

TEST(WatchdogSchedule, AStuckThreadEndsThePingsAndIsSaidOnce) {
  WatchdogSchedule schedule(30 * kSecondNs);
  const std::uint64_t begin_ns = 1000 * kSecondNs;
  EXPECT_EQ(schedule.stale_ns(), 10 * kSecondNs);
  EXPECT_EQ(schedule.at(begin_ns, begin_ns), Advice::kPing);
  EXPECT_EQ(schedule.at(begin_ns + 8 * kSecondNs, begin_ns), Advice::kPing);
  EXPECT_EQ(schedule.at(begin_ns + 17 * kSecondNs, begin_ns), Advice::kStale);
  EXPECT_EQ(schedule.at(begin_ns + 18 * kSecondNs, begin_ns), Advice::kNotDue);
  // It goes on: so do the pings, at once; and the next time is said again.
  const std::uint64_t again_ns = begin_ns + 19 * kSecondNs;
  EXPECT_EQ(schedule.at(again_ns, again_ns - 1), Advice::kPing);
  EXPECT_EQ(schedule.at(again_ns + 20 * kSecondNs, again_ns), Advice::kStale);
}

TEST(WatchdogSchedule, ASecondBetweenHeartbeatsIsNeverStale) {
  WatchdogSchedule schedule(kSecondNs);
  EXPECT_EQ(schedule.at(10 * kSecondNs, 7 * kSecondNs), Advice::kPing);
  EXPECT_EQ(schedule.at(11 * kSecondNs, 12 * kSecondNs), Advice::kPing) << "from the future";
  EXPECT_EQ(schedule.at(21 * kSecondNs, 12 * kSecondNs), Advice::kStale);
}

TEST(WatchdogSchedule, WithoutAWatchdogNothingIsDue) {
  WatchdogSchedule schedule(0);
  EXPECT_EQ(schedule.at(kSecondNs, 0), Advice::kNotDue);
}

}  // namespace
}  // namespace pixel::base
