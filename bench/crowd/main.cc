// SPDX-License-Identifier: Apache-2.0
// crowd: opens many connections to a server on loopback, says "ready", and keeps them until its
// input ends: idle, or dribbling a byte each second. Then says what became of them.
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "bench/crowd/crowd.h"

namespace {

using pixel::bench::Crowd;
using pixel::bench::CrowdOptions;
using pixel::bench::Dribble;

bool raise_descriptor_limit(std::uint32_t connections) {
  const rlimit limit{connections + 64U, connections + 64U};
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return true;
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  return now.rlim_cur >= limit.rlim_cur;
}

bool input_ended(int wait_ms) {
  pollfd input{0, POLLIN, 0};
  return ::poll(&input, 1, wait_ms) > 0;
}

// A thousandth of a second's bytes each thousandth of a second: no bursts of our own making.
void dribble_until_told(Crowd& crowd, std::uint32_t connections) {
  auto next = std::chrono::steady_clock::now();
  std::uint64_t owed = 0;
  while (!input_ended(0)) {
    owed += connections;
    crowd.dribble(static_cast<std::uint32_t>(owed / 1000));
    owed %= 1000;
    next += std::chrono::milliseconds(1);
    std::this_thread::sleep_until(next);
  }
}

int run(const CrowdOptions& options) {
  if (!raise_descriptor_limit(options.connections)) {
    std::fprintf(stderr, "crowd: may not open %u descriptors (ulimit -Hn, fs.nr_open)\n",
                 options.connections);
    return 1;
  }
  Crowd crowd(options);
  if (const auto opened = crowd.open(); !opened) {
    std::fprintf(stderr, "crowd: %s\n", opened.error().message.c_str());
    return 1;
  }
  std::puts("ready");
  std::fflush(stdout);
  if (options.dribble != Dribble::kNothing) {
    dribble_until_told(crowd, options.connections);
  } else {
    static_cast<void>(input_ended(-1));
  }
  fmt::print("{{\"closed\":{},\"bytes_sent\":{},\"reopened\":{}}}\n", crowd.count_closed(),
             crowd.bytes_sent(), crowd.reopened());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CrowdOptions options;
  bool dribbles_head = false;
  bool dribbles_body = false;
  CLI::App app{"Many connections that do little, for benchmarks on loopback."};
  app.add_option("--port", options.port, "Port on 127.0.0.1 and the next addresses")->required();
  app.add_option("--connections", options.connections, "How many (1000)");
  app.add_option("--targets", options.targets, "Addresses of the server: 127.0.0.1 ... (1)");
  app.add_option("--sources", options.sources, "Own addresses: 127.0.1.1 ... (1)");
  app.add_option("--first-source", options.first_source, "Skip so many own addresses (0)");
  app.add_flag("--ask", options.asks_first, "Each asks for /1x1.gif before it goes idle");
  auto* head =
      app.add_flag("--dribble", dribbles_head, "Each sends a byte of an endless head per second");
  app.add_flag("--dribble-body", dribbles_body, "Each sends a head, and its body byte by byte")
      ->excludes(head);
  CLI11_PARSE(app, argc, argv);
  if (dribbles_head) options.dribble = Dribble::kHead;
  if (dribbles_body) options.dribble = Dribble::kBody;
  return run(options);
}
