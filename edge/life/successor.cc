// SPDX-License-Identifier: Apache-2.0
// COLD: see successor.h.
#include "edge/life/successor.h"

#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/file.h"

namespace pixel::edge {
namespace {

constexpr const char* kTakeOverFlag = "--take-over";

// Signals that a server blocks or ignores begin with their defaults again.
struct Attributes {
  posix_spawnattr_t value{};
  Attributes() {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_init(&value);
    ::posix_spawnattr_setsigmask(&value, &none);
    ::posix_spawnattr_setsigdefault(&value, &all);
    ::posix_spawnattr_setflags(&value, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&value); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
};

}  // namespace

base::Result<std::vector<std::string>> own_command_line() {
  const auto text = base::read_file("/proc/self/cmdline");
  if (!text) return text.error();
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < text->size();) {
    const std::size_t end = std::min(text->find('\0', begin), text->size());
    words.push_back(text->substr(begin, end - begin));
    begin = end + 1;
  }
  if (words.empty()) return base::Error{"/proc/self/cmdline is empty"};
  return words;
}

base::Result<pid_t> start_successor(std::vector<std::string> command) {
  if (command.empty()) return base::Error{"cannot start a successor: no command"};
  if (std::find(command.begin(), command.end(), kTakeOverFlag) == command.end()) {
    command.emplace_back(kTakeOverFlag);
  }
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const Attributes attributes;
  pid_t pid = 0;
  const int error =
      ::posix_spawnp(&pid, arguments[0], nullptr, &attributes.value, arguments.data(), environ);
  if (error != 0) {
    return base::Error{
        fmt::format("cannot start a successor: {}: {}", command[0], std::strerror(error))};
  }
  return pid;
}

}  // namespace pixel::edge
