// SPDX-License-Identifier: Apache-2.0
// Descriptors from systemd: whose they are, how many, what they are called.
#include "edge/life/activation.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace pixel::edge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr pid_t kSelf = 4711;
// Above what a test program has open.
constexpr int kFirst = 500;

// `count` sockets from kFirst on, as a manager leaves them: not close-on-exec.
void place_sockets(int count) {
  for (int i = 0; i < count; ++i) {
    const base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::dup2(fd.get(), kFirst + i), kFirst + i);
  }
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(Activation, TakesWhatItWasGivenWithItsNames) {
  place_sockets(3);
  auto taken = inherited_descriptors({"4711", "3", "web:edge-0"}, kSelf, kFirst);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  ASSERT_THAT(*taken, SizeIs(3));
  const std::vector<std::string> names = {"web", "edge-0", ""};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*taken)[i].fd.get(), kFirst + static_cast<int>(i));
    EXPECT_EQ((*taken)[i].name, names[i]);
    EXPECT_EQ(::fcntl((*taken)[i].fd.get(), F_GETFD), FD_CLOEXEC);
  }
}

TEST(Activation, TakesNothingThatIsNotMeantForIt) {
  place_sockets(1);
  for (const ActivationVariables& each : {ActivationVariables{"", "", ""},
                                          {"4712", "1", ""},
                                          {"", "1", ""},
                                          {"4711", "", ""},
                                          {"4711", "0", ""}}) {
    const auto taken = inherited_descriptors(each, kSelf, kFirst);
    ASSERT_TRUE(taken.ok()) << each.pid << " " << each.fds;
    EXPECT_THAT(*taken, IsEmpty());
  }
  EXPECT_TRUE(is_open(kFirst));
  ::close(kFirst);
}

TEST(Activation, RefusesNonsenseAndTakesNothing) {
  place_sockets(1);
  for (const char* const fds : {"-1", "1x", " 1", "99999999999", "2", "1048577"}) {
    const auto taken = inherited_descriptors({"4711", fds, ""}, kSelf, kFirst);
    ASSERT_FALSE(taken.ok()) << fds;
    EXPECT_THAT(taken.error().message, HasSubstr("LISTEN_FDS="));
  }
  EXPECT_FALSE(inherited_descriptors({"me", "1", ""}, kSelf, kFirst).ok());
  EXPECT_TRUE(is_open(kFirst)) << "not ours, so not closed either";
  EXPECT_EQ(::fcntl(kFirst, F_GETFD), 0);
  ::close(kFirst);
}

// The real thing: variables and descriptors of a process that is executed.
TEST(Activation, SurvivesAnExec) {
  const pid_t child = ::fork();
  if (child == 0) {
    const base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() != 3) ::dup2(fd.get(), 3);
    ::fcntl(3, F_SETFD, 0);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_FDNAMES", "exec", 1);
    ::execl("/proc/self/exe", "edge_life_parts_test", "--gtest_also_run_disabled_tests",
            "--gtest_filter=Activation.DISABLED_InTheExecutedProcess", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Activation, DISABLED_InTheExecutedProcess) {
  const auto variables = ActivationVariables::take_from_environment();
  EXPECT_EQ(::getenv("LISTEN_PID"), nullptr);
  EXPECT_EQ(::getenv("LISTEN_FDS"), nullptr);
  EXPECT_EQ(::getenv("LISTEN_FDNAMES"), nullptr);
  const auto taken = inherited_descriptors(variables, ::getpid());
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  ASSERT_THAT(*taken, SizeIs(1));
  EXPECT_EQ((*taken)[0].fd.get(), 3);
  EXPECT_EQ((*taken)[0].name, "exec");
}

TEST(Activation, NamesOfTheStoreAreLegalAndStaleOnesAreFound) {
  EXPECT_EQ(store_name("127.0.0.1:8080"), "edge-127.0.0.1_8080");
  EXPECT_EQ(store_name("[::1]:80"), "edge-[__1]_80");
  EXPECT_THAT(stale_store_names({"edge-127.0.0.1_80", "pixel-edge.socket", "edge-0.0.0.0_81",
                                 "edge-0.0.0.0_81", "", "edge-127.0.0.1_8080"},
                                {"127.0.0.1:80", "127.0.0.1:8080"}),
              ElementsAre("edge-0.0.0.0_81"));
}

}  // namespace
}  // namespace pixel::edge
