// SPDX-License-Identifier: Apache-2.0
// A destination that outlives the shippers that deliver to it, and a sink in front of it. Fault
// model: it is away, too busy, full of an old request that arrives after its sender is dead, says
// "failed" after it took a batch, refuses rows that are bad for good (before or after taking the
// rest), takes so many rows at once and no more. It remembers tokens, or rows with a checkpoint, or
// neither (at least once).
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "shipper/sinks/sink.h"
#include "tests/sim/shipper/faults.h"
#include "tests/sim/shipper/simulated_log.h"

namespace pixel::sim {

class SimulatedDestination {
 public:
  enum class Kind : std::uint8_t { kTransactional, kTokens, kAtLeastOnce };
  struct Request {
    std::string token;
    std::vector<std::uint64_t> numbers;  // Of the lines.
    shipper::Checkpoint after;
  };

  explicit SimulatedDestination(Faults& faults) : faults_(faults) {}

  Kind kind = Kind::kTokens;
  bool takes_lines = false;
  bool takes_early = false;  // Rows before their batch; kTransactional.
  std::uint32_t concurrency_max = 1;
  std::uint64_t rows_max = UINT64_MAX;  // Of a request.
  std::uint64_t refuses_each = 0;       // Every so many-th line's row; 0: none.
  bool refuses_late = false;            // After it took the others.
  bool is_recording = false;            // Requests are on their way only: their sender dies.

  shipper::Checkpoint checkpoint;       // kTransactional.
  std::map<std::uint64_t, int> rows;    // How often it holds a line.
  std::vector<std::string> violations;  // Of what it was promised.

  bool is_refused(std::uint64_t number) const {
    return refuses_each != 0 && number % refuses_each == 0;
  }

  shipper::Verdict deliver(Request request) {
    using Verdict = shipper::Verdict;
    if (is_recording) {
      late_.push_back(std::move(request));
      return {Verdict::Kind::kRetry, "gone", 0, {}};
    }
    faults_.point();
    if (faults_.roll(faults_.sink_one_in)) return trouble(std::move(request));
    Verdict verdict = take(request);
    faults_.point();
    return verdict;
  }

  /// Requests of dead senders arrive.
  void arrive() {
    while (!late_.empty()) {
      const Request request = std::move(late_.back());
      late_.pop_back();
      take(request);
    }
  }

 private:
  shipper::Verdict trouble(Request request) {
    using Verdict = shipper::Verdict;
    const std::uint64_t wait_ns = faults_.prng.below(3) * 200'000'000;
    switch (faults_.prng.below(6)) {
      case 0:  // Taken, but nobody learns it.
        take(request);
        return {Verdict::Kind::kRetry, "connection reset after the request", 0, {}};
      case 1: {
        Verdict busy{Verdict::Kind::kRetry, "429", wait_ns, {}};
        busy.is_overload = true;
        return busy;
      }
      case 2:
        return {Verdict::Kind::kRejected, "no such table", 0, {}};
      default:
        return {Verdict::Kind::kRetry, "503", wait_ns, {}};
    }
  }

  shipper::Verdict take(const Request& request) {
    using Verdict = shipper::Verdict;
    if (kind == Kind::kTransactional && request.after == checkpoint) return {};
    if (request.numbers.size() > rows_max) return {Verdict::Kind::kSplit, "413", 0, {}};
    std::vector<shipper::RowFault> faults;
    std::vector<std::uint64_t> good;
    for (std::size_t i = 0; i < request.numbers.size(); ++i) {
      if (is_refused(request.numbers[i])) {
        faults.push_back({0, static_cast<std::uint32_t>(i), "bad row"});
      } else {
        good.push_back(request.numbers[i]);
      }
    }
    const bool is_late = refuses_late && kind != Kind::kTransactional;
    if (kind == Kind::kTokens && tokens_.contains(request.token)) {
      // It knows the token and does not look at the rows again.
      if (tokens_[request.token] != good) {
        violations.push_back("other rows, or another order, under token " + request.token);
      }
      if (!is_late) faults.clear();
      return {Verdict::Kind::kAcked, "", 0, faults};
    }
    if (!faults.empty() && !is_late) return {Verdict::Kind::kRowsRejected, "bad rows", 0, faults};
    store(request, good);
    return {Verdict::Kind::kAcked, "", 0, faults};
  }

  void store(const Request& request, const std::vector<std::uint64_t>& good) {
    if (kind == Kind::kTransactional) {
      checkpoint = request.after;
    } else if (kind == Kind::kTokens) {
      tokens_[request.token] = good;
    }
    for (const std::uint64_t number : good) ++rows[number];
  }

  Faults& faults_;
  std::map<std::string, std::vector<std::uint64_t>> tokens_;
  std::vector<Request> late_;
};

class SimulatedSink : public shipper::Sink {
 public:
  SimulatedSink(SimulatedDestination& destination, Faults& faults)
      : destination_(destination), faults_(faults) {}

  shipper::SinkTraits traits() const override {
    shipper::SinkTraits traits;
    traits.keeps_checkpoint = destination_.kind == SimulatedDestination::Kind::kTransactional;
    traits.takes_lines = destination_.takes_lines;
    traits.concurrency_max = destination_.concurrency_max;
    traits.writes_early = destination_.takes_early;
    return traits;
  }
  shipper::Guarantee guarantee() const override { return {}; }
  base::Result<shipper::Checkpoint> open() override {
    faults_.point();
    if (faults_.roll(faults_.sink_one_in)) return base::Error{"connection refused"};
    return destination_.checkpoint;
  }
  shipper::Verdict deliver(const shipper::Batch& batch) override {
    SimulatedDestination::Request request{batch.token(), {}, batch.after};
    if (batch.is_written) request.numbers = early_;
    early_.clear();
    append_numbers(batch.tables, request.numbers);
    for (const shipper::LineChunk& chunk : batch.lines) {
      for (std::size_t at = 0; destination_.takes_lines && at < chunk.text.size();) {
        const std::size_t end = chunk.text.find('\n', at);
        if (chunk.text[at] != '#') {
          request.numbers.push_back(number_of(chunk.text.substr(at, end - at)));
        }
        at = end + 1;
      }
    }
    return destination_.deliver(std::move(request));
  }
  // What fails has taken some of the rows; they die with the process.
  base::Status write_early(const std::vector<shipper::RowBlock>& tables) override {
    faults_.point();
    append_numbers(tables, early_);
    if (faults_.disk_full || faults_.roll(faults_.sink_one_in)) {
      early_.resize(faults_.prng.below(early_.size() + 1));
      return base::Error{"full"};
    }
    faults_.point();
    return base::ok_status();
  }
  base::Result<std::vector<shipper::Holding>> holdings() override {
    return std::vector<shipper::Holding>();
  }

 private:
  static void append_numbers(const std::vector<shipper::RowBlock>& tables,
                             std::vector<std::uint64_t>& numbers) {
    for (const shipper::RowBlock& table : tables) {
      for (const shipper::Cell& cell : table.columns[0]) {
        numbers.push_back(static_cast<std::uint64_t>(cell.integer));
      }
    }
  }

  SimulatedDestination& destination_;
  Faults& faults_;
  std::vector<std::uint64_t> early_;  // Of the next batch.
};

}  // namespace pixel::sim
