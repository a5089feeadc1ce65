// SPDX-License-Identifier: Apache-2.0
// See job_client.h. COLD.
#include "shipper/cli/job_client.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <thread>

#include "base/units.h"
#include "shipper/offline.h"

namespace pixel::shipper::cli {
namespace {

using nlohmann::json;

constexpr useconds_t kPollUs = 100'000;

std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

// Ctrl-C ends the job between two batches instead of us in the middle of one.
class InterruptGuard {
 public:
  InterruptGuard() {
    g_interrupted = false;
    struct sigaction action {};
    action.sa_handler = [](int) { g_interrupted = true; };
    ::sigaction(SIGINT, &action, &before_int_);
    ::sigaction(SIGTERM, &action, &before_term_);
  }
  ~InterruptGuard() {
    ::sigaction(SIGINT, &before_int_, nullptr);
    ::sigaction(SIGTERM, &before_term_, nullptr);
  }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction before_int_ {};
  struct sigaction before_term_ {};
};

// Of to_json(JobReport): what a client needs.
base::Result<JobReport> parse_report(const std::string& text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return base::Error{"the shipper's answer is not a job's"};
  try {
    JobReport report;
    report.number = object.at("job").get<std::uint64_t>();
    const auto state = object.at("state").get<std::string>();
    for (const auto known :
         {JobReport::State::kRunning, JobReport::State::kDone, JobReport::State::kFailed}) {
      if (state == job_state_name(known)) report.state = known;
    }
    report.request.kind = object.at("kind") == job_kind_name(JobKind::kReplay)
                              ? JobKind::kReplay
                              : JobKind::kDeadLetters;
    report.request.sink = object.at("sink").get<std::string>();
    report.bytes_total = object.at("bytes_total").get<std::uint64_t>();
    report.bytes_done = object.at("bytes_done").get<std::uint64_t>();
    report.lines = object.at("lines").get<std::uint64_t>();
    report.error = object.at("error").get<std::string>();
    if (report.state != JobReport::State::kDone) return report;
    report.outcome.lines = report.lines;
    report.outcome.rows = object.at("rows").get<std::uint64_t>();
    report.outcome.dead_lettered = object.at("dead_lettered").get<std::uint64_t>();
    report.outcome.rejected_rows = object.at("rejected_rows").get<std::uint64_t>();
    if (object.at("restored").is_number()) {
      report.outcome.restored = object["restored"].get<std::uint64_t>();
    }
    for (const json& name : object.at("gone_segments")) {
      if (const auto segment = logfmt::parse_segment(name.get<std::string>())) {
        report.outcome.gone.push_back(*segment);
      }
    }
    return report;
  } catch (const json::exception&) {
    return base::Error{"the shipper's answer is not a job's"};
  }
}

base::Result<JobReport> watch_remote(const Config& config, std::uint64_t number, ProgressBar& bar) {
  bool cancelled = false;
  while (true) {
    const auto reply = ask(config, "/job");
    if (!reply) return base::Error{"the shipper ended meanwhile; what was restored stays"};
    auto report = parse_report(reply->body);
    if (!report) return report;
    if (report->number != number) return base::Error{"another job has taken its place"};
    if (report->state != JobReport::State::kRunning) return report;
    bar.show(report->bytes_done, report->bytes_total, report->lines);
    if (g_interrupted && !std::exchange(cancelled, true)) {
      const std::string nothing;
      ask(config, "/job/cancel", &nothing);
    }
    ::usleep(kPollUs);
  }
}

base::Result<JobReport> run_here(const Config& config, const JobRequest& request,
                                 ProgressBar& bar) {
  JobProgress progress;
  std::atomic<bool> done{false};
  std::thread watcher([&] {
    while (!done) {
      if (g_interrupted) progress.cancelled = true;
      bar.show(progress.bytes_done, progress.bytes_total, progress.lines);
      ::usleep(kPollUs);
    }
  });
  auto outcome = offline_job(config, request, progress);
  done = true;
  watcher.join();
  if (!outcome) return outcome.error();
  JobReport report;
  report.number = 1;
  report.state = JobReport::State::kDone;
  report.request = request;
  report.bytes_total = progress.bytes_total;
  report.bytes_done = progress.bytes_done;
  report.segments_total = progress.segments_total;
  report.segments_done = progress.segments_done;
  report.lines = outcome->lines;
  report.outcome = std::move(outcome).value();
  return report;
}

}  // namespace

base::Result<JobReport> run_and_watch(const Config& config, const JobRequest& request) {
  const InterruptGuard guard;
  ProgressBar bar(fmt::format("{} of sink {}", job_kind_name(request.kind), request.sink));
  const std::string body = to_json(request);
  const auto reply = ask(config, "/job", &body);
  if (!reply) return run_here(config, request, bar);
  if (reply->status != 202) return base::Error{reply->body};
  const auto started = json::parse(reply->body, nullptr, false);
  const std::uint64_t number = started.is_object() ? started.value("job", std::uint64_t{0}) : 0;
  auto report = watch_remote(config, number, bar);
  if (report && report->state == JobReport::State::kFailed) return base::Error{report->error};
  return report;
}

std::string describe(const JobReport& report) {
  const JobOutcome& outcome = report.outcome;
  std::string text = fmt::format("sink {}: {} lines read again, {} rows", report.request.sink,
                                 outcome.lines, outcome.rows);
  if (!outcome.restored) {
    text += "; the sink took those that it lacked (it cannot say how many)";
  } else if (*outcome.restored == 0) {
    text += "; nothing was missing, nothing is changed";
  } else {
    text += fmt::format("; {} lines that had no row have one now", *outcome.restored);
  }
  if (outcome.dead_lettered > 0)
    text += fmt::format("; {} lines fit no row", outcome.dead_lettered);
  if (outcome.rejected_rows > 0) text += fmt::format("; {} rows refused", outcome.rejected_rows);
  for (const auto& segment : outcome.gone) {
    text +=
        fmt::format("\n  segment {} cannot be read again: its data is deleted", to_text(segment));
  }
  return text;
}

}  // namespace pixel::shipper::cli
