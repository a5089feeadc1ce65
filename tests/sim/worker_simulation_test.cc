// SPDX-License-Identifier: Apache-2.0
// Random clients, random faults, one seed one history. Invariants, checked all along:
//  - an answer becomes visible only when its line is published (per client, by count); where it
//    waits for the disk, only when its line is in the file, which holds nothing but what is
//    durable;
//  - what a client receives is a prefix of the right answers to what it sent, in order;
//  - a client that sent whole requests, reads, and is not cut, gets all its answers;
//  - at the end no slot, buffer or armed operation is left, and lines = answers with a line.
// PIXEL_SIM_SEEDS=N runs N seeds; PIXEL_SIM_SEED=S runs one and is what a failure prints.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "base/clock.h"
#include "edge/dispatch.h"
#include "edge/dispatch_bodies.h"
#include "edge/dispatch_disk.h"
#include "edge/dispatch_errors.h"
#include "edge/dispatch_requests.h"
#include "edge/life.h"
#include "logfmt/segment_scan.h"
#include "tests/sim/simulated_ring.h"
#include "tests/sim/worker_fixture.h"

namespace pixel::sim {
namespace {

struct Client {
  std::string script;    // What is still to be sent.
  std::string expected;  // Status digits of the answers in order: "2" pixel, "4" 404...
  bool ends = false;     // Half closes when the script is out.
  bool resets = false;   // Goes away somewhere in the middle.
  bool slow = false;     // Opens its window now and then.
  bool closes = false;   // Its last request asks for the close.
  bool stalls = false;   // Falls silent somewhere.
  bool silent = false;   // It has.
};

struct Request {
  const char* text;
  char status;  // First digit of the expected answer; '-' ends the connection after it.
  bool closes;
};

constexpr Request kRequests[] = {
    {"GET /1x1.gif?a=1 HTTP/1.1\r\nHost: t\r\nUser-Agent: sim\r\n\r\n", '2', false},
    {"GET /1x1.gif HTTP/1.1\r\nHost: t\r\n\r\n", '2', false},
    {"HEAD /pixel.gif HTTP/1.1\r\nHost: t\r\n\r\n", 'H', false},
    {"GET /nothing HTTP/1.1\r\nHost: t\r\n\r\n", '4', false},
    {"POST /1x1.gif HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n", '2', false},
    {"POST /1x1.gif HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\n123456789", '2', false},
    {"POST /i HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
     "5\r\n{\"a\":\r\n2;x\r\n1}\r\n0\r\n\r\n",
     '2', false},
    {"POST /v1/batch HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 21\r\n\r\n"
     "{\"batch\":[{\"a\":1},2]}",
     '2', false},
    {"GET /1x1.gif HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nGET /", '2', false},
    {"GET /v1/pixel/t?data=e30 HTTP/1.1\r\nHost: t\r\nOrigin: https://a.example\r\n\r\n", '2',
     false},
    {"OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n", '2', false},
    {"BREW /1x1.gif HTTP/1.1\r\nHost: t\r\n\r\n", '5', false},
    {"GET /1x1.gif HTTP/1.0\r\nHost: t\r\nConnection: keep-alive\r\n\r\n", '2', false},
};
constexpr Request kLastRequests[] = {
    {"GET /1x1.gif HTTP/1.0\r\n\r\n", '2', true},
    {"GET /1x1.gif HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", '2', true},
    {"GET /1x1.gif HTTP/1.1\r\nNo-Host: t\r\n\r\n", '4', true},
    {"POST /1x1.gif HTTP/1.1\r\nHost: t\r\nContent-Length: 123456789\r\n\r\n123", '4', true},
    {"POST /1x1.gif HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123x", '4', true},
    {"POST /1x1.gif HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", '5', true},
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : prng_(seed ^ 0xC0FFEE), fixture_(world_options()), ring_(ring_options(), seed, true) {
    fixture_.options.listeners = {{SimulatedRing::kListener, proxy_}};
    ring_.before_visible = [this](int fd) { expect_lines_precede(fd); };
    core_ = std::make_unique<edge::WorkerCore<SimulatedRing>>(fixture_.options, control_, ring_);
    core_->begin();
  }

  void run() {
    const std::uint64_t clients = 1 + prng_.below(24);
    for (std::uint64_t i = 0; i < clients; ++i) add_client();
    for (int step = 0; step < 3000 && !testing::Test::HasFailure(); ++step) {
      for (auto& [fd, client] : clients_) act(fd, client);
      if (prng_.chance(1, 40)) fixture_.offer_segment();
      if (prng_.chance(1, 300)) change_rules();
      ASSERT_TRUE(core_->step());
      if (step > 500 && everything_said() && prng_.chance(1, 50)) break;
    }
    settle();
    drain();
    check_end();
  }

 private:
  WorldOptions world_options() {
    WorldOptions options;
    options.connections_max = 4 + static_cast<std::uint32_t>(prng_.below(30));
    options.receive_buffers = 1U << prng_.below(6);
    options.segment_bytes = 16'384 << prng_.below(5);
    options.limits.head_bytes = 2048;
    options.limits.request_line_bytes = 1024;
    options.bodies_max = prng_.chance(1, 4) ? 1 : 40;
    options.body_bytes_max = 1024;
    // Now and then so short that each timer fires.
    for (std::uint64_t* timeout_ns : {&options.header_timeout_ns, &options.body_timeout_ns,
                                      &options.keep_alive_timeout_ns, &options.send_timeout_ns}) {
      if (prng_.chance(1, 6)) *timeout_ns = (1 + prng_.below(4)) * 1'000'000'000;
    }
    proxy_ = prng_.chance(1, 4);
    if (proxy_) options.config.client.proxy_from = {"198.51.100.0/24"};
    if (prng_.chance(1, 3)) options.config.http.cors = "echo";
    if (prng_.chance(1, 3)) options.config.policy.visitor = true;
    if (prng_.chance(1, 2)) options.durability = edge::Durability::kDisk;
    return options;
  }
  edge::RingOptions ring_options() {
    edge::RingOptions options;
    options.submission_entries = 8U << prng_.below(5);
    options.receive_buffers = fixture_.options.receive_buffers;
    return options;
  }

  void add_client() {
    Client client;
    const std::uint64_t requests = prng_.chance(1, 10) ? prng_.below(600) : prng_.below(12);
    for (std::uint64_t i = 0; i < requests; ++i) {
      const Request& request = kRequests[prng_.below(std::size(kRequests))];
      client.script += request.text;
      client.expected += request.status;
    }
    if (prng_.chance(1, 3)) {
      const Request& last = kLastRequests[prng_.below(std::size(kLastRequests))];
      client.script += last.text;
      client.expected += last.status;
      client.closes = true;
    }
    client.ends = prng_.chance(1, 3);
    client.resets = prng_.chance(1, 8);
    client.slow = prng_.chance(1, 4);
    client.stalls = prng_.chance(1, 10);
    const int fd = ring_.connect();
    if (proxy_) {
      client.script.insert(0, "PROXY TCP4 127.0.0.1 127.0.0.1 " + std::to_string(fd) + " 80\r\n");
    }
    if (client.slow) ring_.socket(fd).window_bytes = prng_.below(2000);
    clients_.emplace(fd, std::move(client));
  }

  void act(int fd, Client& client) {
    ModelSocket& socket = ring_.socket(fd);
    if (socket.client_reset || !prng_.chance(1, 3)) return;
    if (client.stalls && prng_.chance(1, 20)) client.silent = true;
    if (client.silent) return;
    const std::size_t count = std::min<std::size_t>(
        client.script.size(), 1 + prng_.below(prng_.chance(1, 4) ? 40 : 4000));
    // A peer that sends without reading is cut; these clients stop writing when nothing is read.
    if (!client.slow || socket.to_server.empty()) {
      socket.to_server += client.script.substr(0, count);
      client.script.erase(0, count);
    }
    if (client.slow && prng_.chance(1, 3)) socket.window_bytes += prng_.below(3000);
    if (client.resets && prng_.chance(1, 60)) socket.client_reset = true;
    if (client.ends && client.script.empty()) socket.client_ended = true;
  }

  bool everything_said() const {
    for (const auto& [fd, client] : clients_) {
      if (!client.script.empty() && !client.silent) return false;
    }
    return true;
  }

  // The same rules, in new memory: nothing may point into the old ones for long.
  void change_rules() {
    auto rules = std::make_unique<edge::WorkerRules>(fixture_.options.rules, 2048);
    static_cast<void>(control_.try_offer(rules));
  }

  // Time and windows for whoever still waits.
  void settle() {
    for (int i = 0; i < 400; ++i) {
      for (auto& [fd, client] : clients_) ring_.socket(fd).window_bytes = SIZE_MAX;
      if (i % 20 == 0) fixture_.offer_segment();
      ASSERT_TRUE(core_->step());
    }
  }

  void drain() {
    control_.drain_at(ring_.monotonic_ns() + 2'000'000'000);
    ring_.wake();
    bool running = true;
    for (int i = 0; i < 5000 && running; ++i) running = core_->step();
    EXPECT_FALSE(running) << "the drain did not end";
  }

  // Invariant: answers visible to a client never outnumber its published lines and 503s.
  void expect_lines_precede(int fd) {
    count_new_lines();
    pending_check_.push_back(fd);
    for (const int each : pending_check_) {
      const auto answers = statuses(ring_.socket(each).to_client).size();
      EXPECT_LE(answers, lines_by_port_[each] + unlogged(each)) << "client " << each;
    }
    pending_check_.assign(1, fd);
  }

  std::size_t unlogged(int fd) {
    std::size_t count = 0;
    for (const char status : statuses(ring_.socket(fd).to_client))
      count += status == 'X' || status == 'T' ? 1 : 0;
    return count;
  }

  void count_new_lines() {
    const auto lines = fixture_.lines();
    for (; lines_seen_ < lines.size(); ++lines_seen_) {
      ++lines_by_port_[std::stoi(field(lines[lines_seen_], 27))];
    }
  }

  // First digits of the whole answers in a stream; 'H' without body is told by position, so HEAD
  // answers count as '2'. 503 is 'X', without a line; 408 is 'T', with or without one.
  static std::string statuses(const std::string& stream) {
    std::string found;
    for (std::size_t at = stream.find("HTTP/1.1 "); at != std::string::npos;
         at = stream.find("HTTP/1.1 ", at + 1)) {
      if (at + 12 > stream.size()) break;
      if (stream[at + 9] == '1') continue;
      const std::string_view status = std::string_view(stream).substr(at + 9, 3);
      found += status == "503" ? 'X' : status == "408" ? 'T' : status[0];
    }
    return found;
  }

  void check_end() {
    count_new_lines();
    std::size_t answers = 0;
    for (auto& [fd, client] : clients_) {
      const ModelSocket& socket = ring_.socket(fd);
      const std::string got = statuses(socket.to_client);
      ASSERT_LE(got.size(), client.expected.size()) << "client " << fd;
      for (std::size_t i = 0; i < got.size(); ++i) {
        const char wanted = client.expected[i] == 'H' ? '2' : client.expected[i];
        const bool timed_out = got[i] == 'T' && i + 1 == got.size();
        EXPECT_TRUE(got[i] == wanted || got[i] == 'X' || timed_out)
            << "client " << fd << " answer " << i << ": " << got << " for " << client.expected
            << "\n"
            << socket.to_client.substr(socket.to_client.rfind("HTTP/1.1 "));
      }
      const bool complete = socket.accepted && client.script.empty() && !socket.client_reset &&
                            control_.counters.slow_reader_closes.get() == 0 &&
                            control_.counters.connections_refused.get() == 0 &&
                            control_.counters.timeouts_idle.get() == 0 &&
                            control_.counters.timeouts_send.get() == 0 &&
                            control_.counters.timeouts_body.get() == 0 &&
                            control_.counters.body_shortages.get() == 0 &&
                            control_.counters.bodies_evicted.get() == 0 &&
                            control_.counters.timeouts_header.get() == 0 &&
                            control_.counters.answers_withdrawn.get() == 0;
      if (complete) {
        EXPECT_EQ(got.size(), client.expected.size()) << "client " << fd;
      }
      answers += got.size();
    }
    EXPECT_EQ(ring_.armed_operations(), 0U);
    EXPECT_EQ(ring_.buffers_out(), 0U) << "receive buffers leaked";
    EXPECT_EQ(core_->open_connections(), 0U) << "slots leaked";
    EXPECT_EQ(core_->blocks_taken(), 0U) << "blocks leaked";
    EXPECT_EQ(core_->memories_taken(), 0U) << "memories leaked";
    EXPECT_EQ(ring_.disk.open_files(), 0U) << "files leaked";
    EXPECT_EQ(control_.counters.answers_held.get(), 0U);
    EXPECT_LE(fixture_.options.slot->answers.load() + control_.counters.answers_withdrawn.get(),
              lines_seen_);
    EXPECT_EQ(fixture_.options.slot->lines.load(), lines_seen_);
    EXPECT_LE(answers, lines_seen_ + control_.counters.lines_refused.get() +
                           control_.counters.timeouts_header.get());
    check_events();
  }

  // Invariant: each record is one event, and no event is without its line.
  void check_events() {
    const auto events = fixture_.events();
    EXPECT_EQ(fixture_.options.events_slot->lines.load(), events.size());
    std::uint64_t records = 0;
    for (const edge::Counter& counter : control_.counters.records) records += counter.get();
    EXPECT_LE(events.size(), records);
    if (control_.counters.lines_refused.get() == 0) {
      EXPECT_EQ(events.size(), records);
    }
    std::set<std::string> ids;
    for (const std::string& line : fixture_.lines()) ids.insert(field(line, 15));
    for (const std::string& event : events) {
      EXPECT_EQ(ids.count(event.substr(7, 22)), 1U) << event;
    }
  }

  base::Prng prng_;
  bool proxy_ = false;
  WorkerFixture fixture_;
  edge::WorkerControl control_;
  SimulatedRing ring_;
  std::unique_ptr<edge::WorkerCore<SimulatedRing>> core_;
  std::map<int, Client> clients_;
  std::map<int, std::size_t> lines_by_port_;
  std::size_t lines_seen_ = 0;
  std::vector<int> pending_check_;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(WorkerSimulation, InvariantsHoldForEverySeed) {
  const std::uint64_t only = from_environment("PIXEL_SIM_SEED", 0);
  const std::uint64_t seeds = from_environment("PIXEL_SIM_SEEDS", 100);
  const std::uint64_t fresh = base::realtime_ns() % 1'000'000'007;
  for (std::uint64_t i = 0; i <= seeds; ++i) {
    const std::uint64_t seed = only != 0 ? only : (i == seeds ? fresh : i + 1);
    Simulation simulation(seed);
    simulation.run();
    if (HasFailure()) {
      GTEST_FAIL() << "failed with PIXEL_SIM_SEED=" << seed;
    }
    if (only != 0) return;
  }
}

}  // namespace
}  // namespace pixel::sim
