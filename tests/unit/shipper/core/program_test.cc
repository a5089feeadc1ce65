// SPDX-License-Identifier: Apache-2.0
// The real binary, as an operator and as a bad day use it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <map>
#include <thread>

#include "base/admin_server.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/prng.h"
#include "base/units.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

struct Outcome {
  int exit_code = -1;
  std::string output;  // Standard output and standard error.
};

class ProgramTest : public testing::Test {
 protected:
  std::filesystem::path spool() const { return directory_.path() / "spool"; }
  std::filesystem::path config() const { return directory_.path() / "s.toml"; }
  std::filesystem::path rows() const {
    return directory_.path() / "out" / "requests-00000001.jsonl";
  }

  void write_config(const std::string& admin = "", const std::string& more = "") {
    const std::string base_path = directory_.path().string();
    const std::string text = "[spool]\npath = \"" + base_path + "/spool\"\n[state]\npath = \"" +
                             base_path + "/state\"\n[admin]\nlisten = \"" + admin +
                             "\"\n[[sink]]\nname = \"lines\"\nkind = \"file\"\npath = \"" +
                             base_path + "/out\"\nflush_age = \"20ms\"\nflush_rows = 50\n" + more;
    ASSERT_TRUE(base::write_file_atomic(config(), text).ok());
  }

  pid_t launch(std::vector<std::string> arguments) const {
    const auto output = directory_.path() / "output";
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::dup2(fd, 1);
    ::dup2(fd, 2);
    arguments.insert(arguments.begin(), PIXEL_SHIPPER_BINARY);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execv(PIXEL_SHIPPER_BINARY, pointers.data());
    ::_exit(127);
  }
  static int wait_for(pid_t pid) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  Outcome run(const std::vector<std::string>& arguments) const {
    const int exit_code = wait_for(launch(arguments));
    return {exit_code, base::read_file(directory_.path() / "output").value()};
  }
  Outcome run_with_config(std::vector<std::string> arguments) const {
    arguments.push_back("--config");
    arguments.push_back(config().string());
    return run(arguments);
  }
  // How often each value of the column a is there.
  std::map<std::string, int> row_counts() const {
    std::map<std::string, int> counts;
    const auto text = base::read_file(rows());
    if (!text) return counts;
    std::string_view rest = *text;
    while (!rest.empty()) {
      const std::size_t newline = rest.find('\n');
      if (newline == std::string_view::npos) {
        ADD_FAILURE() << "torn row";
        break;
      }
      const auto row = nlohmann::json::parse(rest.substr(0, newline));
      ++counts[row["a"].get<std::string>()];
      rest.remove_prefix(newline + 1);
    }
    return counts;
  }
  void expect_each_once(std::uint64_t count) const {
    const auto counts = row_counts();
    EXPECT_EQ(counts.size(), count);
    for (const auto& [id, times] : counts) EXPECT_EQ(times, 1) << id;
  }
  TemporaryDirectory directory_;
};

TEST_F(ProgramTest, HelpVersionAndWrongUsage) {
  EXPECT_EQ(run({"--help"}).exit_code, 0);
  EXPECT_EQ(run({"sql", "--help"}).exit_code, 0);
  const Outcome version = run({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_TRUE(version.output.starts_with("pixel-shipper "));
  EXPECT_EQ(run({"--wrong"}).exit_code, 2);
  EXPECT_EQ(run({"wrong"}).exit_code, 2);
  EXPECT_EQ(run({"sql", "--config", "/nowhere"}).exit_code, 2);
  EXPECT_EQ(run({"--config", "/nowhere/s.toml"}).exit_code, 2);
}

TEST_F(ProgramTest, CheckNamesEveryError) {
  write_config("", "flush_age = \"1s\"\n");
  EXPECT_EQ(run_with_config({"check"}).exit_code, 2);  // The key is there twice.
  write_config("", "gzpi = true\n[admni]\n");
  const Outcome outcome = run_with_config({"check"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.output.find("sink.gzpi: unknown key; did you mean \"gzip\"?"),
            std::string::npos);
  EXPECT_NE(outcome.output.find("admni: unknown key; did you mean \"admin\"?"), std::string::npos);
  write_config();
  EXPECT_EQ(run_with_config({"check"}).exit_code, 0);
}

TEST_F(ProgramTest, OnceDrainsAndSaysWhatItHolds) {
  SpoolWriter writer(spool(), test_lane());
  for (std::uint64_t i = 0; i < 500; ++i) {
    writer.append(numbered_line(i));
    if (i % 100 == 50) writer.rotate();
  }
  write_config();
  const Outcome outcome = run_with_config({"run", "--once"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  expect_each_once(500);
  EXPECT_EQ(run_with_config({"--once"}).exit_code, 0);
  expect_each_once(500);

  const auto status = nlohmann::json::parse(run_with_config({"status", "--json"}).output);
  EXPECT_FALSE(status["running"]);
  EXPECT_EQ(status["sinks"][0]["written"], 500);
  EXPECT_EQ(status["sinks"][0]["delivered"], 500);
  EXPECT_EQ(status["sinks"][0]["pending"], 0);
  EXPECT_EQ(status["sinks"][0]["residue"], 0);
  EXPECT_NE(run_with_config({"status"}).output.find("lines"), std::string::npos);
  const auto holdings = nlohmann::json::parse(run_with_config({"holdings", "--json"}).output);
  EXPECT_EQ(holdings["sinks"][0]["rows"], 500);
  EXPECT_EQ(holdings["sinks"][0]["distinct"], 500);
  EXPECT_EQ(holdings["sinks"][0]["segments"].size(), 6U);
  EXPECT_EQ(run_with_config({"sql", "SELECT 1"}).exit_code, 1);
}

TEST_F(ProgramTest, OnceFailsWhereASinkCannotBeOpened) {
  write_config();
  ASSERT_TRUE(base::write_file_atomic(directory_.path() / "out", "a file, no directory").ok());
  const Outcome outcome = run_with_config({"--once"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.output;
}

TEST_F(ProgramTest, LiveRowsAdminAndTermination) {
  SpoolWriter writer(spool(), test_lane());
  const std::string admin = "127.0.0.1:" + std::to_string(20000 + ::getpid() % 20000);
  write_config(admin);
  const pid_t pid = launch({"--config", config().string()});
  const auto wait_until = [](const auto& condition) {
    const std::uint64_t end_ns = base::monotonic_ns() + 20 * base::kSecondNs;
    while (!condition() && base::monotonic_ns() < end_ns) ::usleep(5000);
    EXPECT_TRUE(condition());
  };
  wait_until([&] {
    const auto ready = base::admin_call(admin, "/readyz");
    return ready.ok() && ready->status == 200;
  });
  writer.append(numbered_line(1));
  wait_until([&] { return row_counts().size() == 1; });
  EXPECT_EQ(base::admin_call(admin, "/healthz")->status, 200);
  wait_until([&] {
    const auto status = nlohmann::json::parse(base::admin_call(admin, "/status")->body);
    return status["sinks"][0]["delivered"] == 1 && status["sinks"][0]["residue"] == 0;
  });
  const std::string metrics = base::admin_call(admin, "/metrics")->body;
  EXPECT_NE(metrics.find("pixel_shipper_ledger_residue_lines{sink=\"lines\"} 0"), std::string::npos)
      << metrics;
  EXPECT_NE(metrics.find("pixel_shipper_lag_bytes{sink=\"lines\"} 0"), std::string::npos);
  const auto holdings = nlohmann::json::parse(base::admin_call(admin, "/holdings")->body);
  EXPECT_EQ(holdings["sinks"][0]["distinct"], 1);
  const std::string bad = "{}";
  EXPECT_EQ(base::admin_call(admin, "/query", &bad)->status, 400);
  const std::string query = "{\"sql\":\"SELECT 1\"}";
  EXPECT_EQ(base::admin_call(admin, "/query", &query)->status, 422);
  const Outcome second = [&] {
    const auto output = directory_.path() / "kept";
    std::filesystem::rename(directory_.path() / "output", output);
    return run_with_config({"run", "--once"});
  }();
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.output.find("another pixel-shipper (pid " + std::to_string(pid) + ") works on"),
            std::string::npos);
  EXPECT_NE(run_with_config({"status"}).output.find("pixel-shipper is running"), std::string::npos);
  for (std::uint64_t i = 2; i < 100; ++i) writer.append(numbered_line(i));
  ::kill(pid, SIGTERM);
  EXPECT_EQ(wait_for(pid), 0);
  EXPECT_EQ(run_with_config({"--once"}).exit_code, 0);
  const auto counts = row_counts();
  EXPECT_EQ(counts.size(), 99U);
}

// Killed at random moments while the log grows: every line is a row once, at the end.
TEST_F(ProgramTest, KilledAgainAndAgainLosesAndRepeatsNothing) {
  constexpr int kKills = 20;
  write_config();
  std::atomic<bool> stop{false};
  std::uint64_t written = 0;
  SpoolWriter writer(spool(), test_lane(), 64 * 1024);
  std::thread thread([&] {
    base::Prng prng(5);
    while (!stop) {
      for (std::uint64_t i = prng.below(40); i > 0; --i) writer.append(numbered_line(written++));
      if (prng.chance(1, 30)) writer.append("not a line\n");
      if (prng.chance(1, 30)) writer.rotate();
      ::usleep(1000);
    }
  });
  base::Prng prng(6);
  for (int i = 0; i < kKills; ++i) {
    const pid_t pid = launch({"--config", config().string()});
    ::usleep(static_cast<useconds_t>(20'000 + prng.below(120'000)));
    ::kill(pid, SIGKILL);
    wait_for(pid);
  }
  stop = true;
  thread.join();
  const Outcome outcome = run_with_config({"--once"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  expect_each_once(written);
  const auto status = nlohmann::json::parse(run_with_config({"status", "--json"}).output);
  EXPECT_EQ(status["sinks"][0]["residue"], 0);
  EXPECT_EQ(status["sinks"][0]["delivered"], written);
  const auto letters =
      base::read_file(directory_.path() / "state" / "lines" / "dead_letters.jsonl").value();
  EXPECT_EQ(std::count(letters.begin(), letters.end(), '\n'),
            status["sinks"][0]["dead_lettered"].get<std::int64_t>());
}

}  // namespace
}  // namespace pixel::shipper
