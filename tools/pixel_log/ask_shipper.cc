// SPDX-License-Identifier: Apache-2.0
// COLD: see holdings.h. Runs the shipper's program beside ours; no shell.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/unique_fd.h"
#include "tools/pixel_log/holdings.h"

namespace pixel::logs {
namespace {

namespace fs = std::filesystem;

base::Result<pid_t> spawn(const fs::path& program, const fs::path& config, int output) {
  std::string name = program.string();
  std::string verb = "holdings";
  std::string json = "--json";
  std::string option = "--config";
  std::string value = config.string();
  char* const arguments[] = {name.data(),   verb.data(),  json.data(),
                             option.data(), value.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, name.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return base::errno_error("run", program, error);
  return pid;
}

std::string read_to_end(int fd) {
  std::string text;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

base::Result<std::string> ask_shipper(const fs::path& config) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return base::errno_error("find", "/proc/self/exe", error.value());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return base::errno_error("create", "a pipe", errno);
  base::UniqueFd reading(ends[0]);
  base::UniqueFd writing(ends[1]);
  auto pid = spawn(self.parent_path() / "pixel-shipper", config, writing.get());
  if (!pid) return pid.error();
  writing.reset();
  std::string text = read_to_end(reading.get());
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return text;
  return base::Error{fmt::format("pixel-shipper holdings failed with {}",
                                 WIFEXITED(status)
                                     ? fmt::format("exit code {}", WEXITSTATUS(status))
                                     : fmt::format("signal {}", WTERMSIG(status)))};
}

}  // namespace pixel::logs
