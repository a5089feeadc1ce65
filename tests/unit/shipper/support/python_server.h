// SPDX-License-Identifier: Apache-2.0
// A server in Python as a child that ends with us: it says "listening on PORT" once it does.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace pixel::shipper::testing {

class PythonServer {
 public:
  /// `words`: the script and its arguments.
  explicit PythonServer(std::vector<std::string> words) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    words.insert(words.begin(), "python3");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execvp("python3", argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    FILE* const said = ::fdopen(ends[0], "r");
    EXPECT_EQ(std::fscanf(said, "listening on %d", &port_), 1);
    std::fclose(said);
  }
  ~PythonServer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  PythonServer(const PythonServer&) = delete;
  PythonServer& operator=(const PythonServer&) = delete;

  int port() const { return port_; }

 private:
  pid_t child_ = -1;
  int port_ = 0;
};

}  // namespace pixel::shipper::testing
