// SPDX-License-Identifier: Apache-2.0
// Runs a program and kills it (SIGKILL) right before its N-th system call that others can see the
// effect of: writes, syncs, renames, what goes over a socket. What happens between two such calls
// stays in the process and dies with it, so killing at each of them is killing at every moment.
//
//   pixel-kill-at-call --call N [--after TEXT] [--names] [--report FILE] -- PROGRAM ARGUMENT...
//
// --call 0 kills never: it counts. --after: counting begins with the first path that holds TEXT.
// The report is "calls=<counted> killed=<0|1>", with --names also how many of each. Exit: the
// program's own code; 137 where it was killed; 125 where this tool failed.
//
// The calls are picked by a seccomp filter (seccomp(2), SECCOMP_RET_TRACE), so all others run at
// full speed; threads and children are followed (ptrace(2), PTRACE_O_TRACECLONE).
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace {

constexpr int kFailed = 125;

struct Call {
  long number;
  const char* name;
  int path_argument;  // -1: none.
};
constexpr Call kCalls[] = {
    {SYS_write, "write", -1},
    {SYS_pwrite64, "pwrite64", -1},
    {SYS_writev, "writev", -1},
    {SYS_pwritev, "pwritev", -1},
    {SYS_pwritev2, "pwritev2", -1},
    {SYS_fsync, "fsync", -1},
    {SYS_fdatasync, "fdatasync", -1},
    {SYS_sync_file_range, "sync_file_range", -1},
    {SYS_msync, "msync", -1},
    {SYS_open, "open", 0},
    {SYS_openat, "openat", 1},
    {SYS_creat, "creat", 0},
    {SYS_ftruncate, "ftruncate", -1},
    {SYS_truncate, "truncate", 0},
    {SYS_fallocate, "fallocate", -1},
    {SYS_rename, "rename", 0},
    {SYS_renameat, "renameat", 1},
    {SYS_renameat2, "renameat2", 1},
    {SYS_link, "link", 0},
    {SYS_linkat, "linkat", 1},
    {SYS_unlink, "unlink", 0},
    {SYS_unlinkat, "unlinkat", 1},
    {SYS_mkdir, "mkdir", 0},
    {SYS_mkdirat, "mkdirat", 1},
    {SYS_rmdir, "rmdir", 0},
    {SYS_copy_file_range, "copy_file_range", -1},
    {SYS_sendfile, "sendfile", -1},
    {SYS_connect, "connect", -1},
    {SYS_sendto, "sendto", -1},
    {SYS_sendmsg, "sendmsg", -1},
    {SYS_sendmmsg, "sendmmsg", -1},
    {SYS_shutdown, "shutdown", -1},
};

struct Options {
  unsigned long call = 0;
  std::string after;
  std::string report;
  bool names = false;
  std::vector<char*> program;
};

const Call* find_call(long number) {
  for (const Call& call : kCalls) {
    if (call.number == number) return &call;
  }
  return nullptr;
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "pixel-kill-at-call: %s: %s\n", what, std::strerror(errno));
  std::exit(kFailed);
}

Options read_options(int argc, char** argv) {
  Options options;
  int at = 1;
  const auto value = [&]() -> const char* { return at + 1 < argc ? argv[++at] : ""; };
  for (; at < argc && std::strcmp(argv[at], "--") != 0; ++at) {
    const std::string word = argv[at];
    if (word == "--call") {
      options.call = std::strtoul(value(), nullptr, 10);
    } else if (word == "--after") {
      options.after = value();
    } else if (word == "--report") {
      options.report = value();
    } else if (word == "--names") {
      options.names = true;
    } else {
      std::fprintf(stderr, "pixel-kill-at-call: unknown option %s\n", argv[at]);
      std::exit(kFailed);
    }
  }
  for (++at; at < argc; ++at) options.program.push_back(argv[at]);
  if (options.program.empty()) {
    std::fputs("pixel-kill-at-call: no program after --\n", stderr);
    std::exit(kFailed);
  }
  options.program.push_back(nullptr);
  return options;
}

sock_filter statement(unsigned code, std::uint32_t k) {
  return {static_cast<std::uint16_t>(code), 0, 0, k};
}

// Traces the calls of the table, lets all others through.
void install_filter() {
  std::vector<sock_filter> filter;
  filter.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const Call& call : kCalls) {
    sock_filter jump =
        statement(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call.number));
    jump.jf = 1;
    filter.push_back(jump);
    filter.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  }
  filter.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no_new_privs");
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) fail("seccomp");
}

[[noreturn]] void become(const Options& options) {
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) fail("ptrace");
  ::raise(SIGSTOP);
  install_filter();
  ::execvp(options.program[0], options.program.data());
  fail(options.program[0]);
}

unsigned long long argument(const user_regs_struct& registers, int index) {
  const unsigned long long values[] = {registers.rdi, registers.rsi, registers.rdx};
  return values[index];
}

std::string read_text(pid_t thread, unsigned long long address) {
  char buffer[512] = {};
  // Up to the page's end: the text may be the last thing before an unmapped page.
  const std::size_t bytes = std::min<std::size_t>(sizeof buffer - 1, 4096 - address % 4096);
  iovec local{buffer, bytes};
  iovec remote{reinterpret_cast<void*>(address), bytes};
  if (::process_vm_readv(thread, &local, 1, &remote, 1, 0) <= 0) return "";
  return buffer;
}

class Tracer {
 public:
  Tracer(const Options& options, pid_t child)
      : options_(options), child_(child), is_counting_(options.after.empty()) {}

  int run() {
    begin();
    while (true) {
      int status = 0;
      const pid_t thread = ::waitpid(-1, &status, __WALL);
      if (thread < 0 && errno == EINTR) continue;
      if (thread < 0) return exit_code_;
      if (WIFEXITED(status) || WIFSIGNALED(status)) {
        if (thread == child_) {
          exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        continue;
      }
      const int signal = stopped(thread, status);
      ::ptrace(PTRACE_CONT, thread, nullptr, reinterpret_cast<void*>(static_cast<long>(signal)));
    }
  }

  void report() const {
    if (options_.report.empty()) return;
    FILE* const file = std::fopen(options_.report.c_str(), "we");
    if (file == nullptr) fail(options_.report.c_str());
    std::fprintf(file, "calls=%lu killed=%d\n", calls_, killed_ ? 1 : 0);
    if (options_.names) {
      for (const auto& [name, count] : names_) std::fprintf(file, "%s=%lu\n", name.c_str(), count);
    }
    std::fclose(file);
  }

 private:
  void begin() const {
    int status = 0;
    if (::waitpid(child_, &status, 0) != child_ || !WIFSTOPPED(status)) fail("wait");
    constexpr long events = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                            PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (::ptrace(PTRACE_SETOPTIONS, child_, nullptr, reinterpret_cast<void*>(events)) != 0) {
      fail("ptrace options");
    }
    ::ptrace(PTRACE_CONT, child_, nullptr, nullptr);
  }

  // The signal to hand on.
  int stopped(pid_t thread, int status) {
    const int event = status >> 16;
    if (event == PTRACE_EVENT_SECCOMP) {
      at_call(thread);
      return 0;
    }
    const int signal = WSTOPSIG(status);
    // A new thread begins with a stop of its own; it is no signal that anybody sent.
    return event != 0 || signal == SIGSTOP || signal == SIGTRAP ? 0 : signal;
  }

  void at_call(pid_t thread) {
    user_regs_struct registers{};
    if (::ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) return;
    const Call* const call = find_call(static_cast<long>(registers.orig_rax));
    if (call == nullptr || killed_) return;
    if (!is_counting_ && call->path_argument >= 0) {
      const std::string path = read_text(thread, argument(registers, call->path_argument));
      is_counting_ = path.find(options_.after) != std::string::npos;
    }
    if (!is_counting_ || !is_visible(*call, registers)) return;
    ++calls_;
    ++names_[call->name];
    if (calls_ != options_.call) return;
    killed_ = true;
    ::kill(child_, SIGKILL);
  }

  // Opening a file for reading changes nothing.
  static bool is_visible(const Call& call, const user_regs_struct& registers) {
    if (call.number == SYS_open) return (argument(registers, 1) & (O_CREAT | O_TRUNC)) != 0;
    if (call.number == SYS_openat) return (argument(registers, 2) & (O_CREAT | O_TRUNC)) != 0;
    // Its own messages.
    const bool is_write = call.number == SYS_write || call.number == SYS_writev;
    return !is_write || (argument(registers, 0) != 1 && argument(registers, 0) != 2);
  }

  const Options& options_;
  const pid_t child_;
  bool is_counting_;
  bool killed_ = false;
  int exit_code_ = kFailed;
  unsigned long calls_ = 0;
  std::map<std::string, unsigned long> names_;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  const pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child == 0) become(options);
  Tracer tracer(options, child);
  const int code = tracer.run();
  tracer.report();
  return code;
}
