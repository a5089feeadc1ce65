// SPDX-License-Identifier: Apache-2.0
// See slack_sink.h.
#include "shipper/sinks/http/slack_sink.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file.h"
#include "shipper/deliver/checkpoint_store.h"
#include "shipper/sinks/http/http_verdict.h"
#include "shipper/sinks/http/slack_message.h"

namespace pixel::shipper {
namespace {

constexpr std::int64_t kPauseAfterFailureS = 5;

class SlackSink : public Sink {
 public:
  SlackSink(const SlackOptions& options, std::function<std::int64_t()> unix_now)
      : options_(options),
        unix_now_(std::move(unix_now)),
        interval_s_(static_cast<std::int64_t>(options.interval_ns / base::kSecondNs)),
        columns_(find_columns(options.tables, options.count_by)),
        store_(options.state_directory),
        client_(options.endpoint.connection) {}

  Guarantee guarantee() const override {
    return {false,
            "each row is counted exactly once, but a message whose answer was lost is sent again",
            "the webhook answers 200 and drops the message"};
  }
  base::Result<Checkpoint> open() override;
  Verdict deliver(const Batch& batch) override;
  void maintain() override {
    if (is_due()) send();
  }
  base::Result<std::vector<Holding>> holdings() override {
    return base::Error{"messages do not hold rows"};
  }

 private:
  bool is_due() const {
    return counts_.since_s != 0 && unix_now_() - counts_.since_s >= interval_s_ &&
           unix_now_() >= not_before_s_;
  }
  bool is_late() const {
    return counts_.since_s != 0 && unix_now_() - counts_.since_s >= 2 * interval_s_;
  }
  void send();
  Verdict post();

  const SlackOptions options_;
  const std::function<std::int64_t()> unix_now_;
  const std::int64_t interval_s_;
  const std::vector<std::size_t> columns_;  // Counted by, in each table.
  CheckpointStore store_;
  HttpClient client_;
  SlackCounts counts_;
  Checkpoint reached_;             // What counts_ stand for.
  std::int64_t not_before_s_ = 0;  // Of the next message.
  Verdict last_;                   // Of the last message.
};

base::Result<Checkpoint> SlackSink::open() {
  if (auto status = base::create_directories(options_.state_directory); !status) {
    return status.error();
  }
  if (auto request = prepare_request(options_.endpoint); !request) return request.error();
  auto stored = store_.load();
  if (!stored) return stored.error();
  counts_ = {};
  reached_ = {};
  if (!stored->has_value()) return reached_;
  const auto counts = parse_slack_counts((*stored)->note);
  if (!counts) return base::Error{"checkpoint of another kind of sink: " + (*stored)->note};
  counts_ = *counts;
  reached_ = (*stored)->checkpoint;
  return reached_;
}

// While messages fail, counting goes on for one more interval; then the log waits, so that status
// and alarms show it.
Verdict SlackSink::deliver(const Batch& batch) {
  if (is_due()) send();
  if (is_late() && last_.kind != Verdict::Kind::kAcked) return last_;
  SlackCounts counts = counts_;
  counts.add(batch, options_.tables, columns_, unix_now_());
  if (auto status = store_.save({batch.after, to_text(counts)}); !status) {
    return retry(status.error());
  }
  counts_ = std::move(counts);
  reached_ = batch.after;
  return acked();
}

void SlackSink::send() {
  last_ = post();
  if (last_.kind != Verdict::Kind::kAcked) {
    const auto pause_s = static_cast<std::int64_t>(last_.retry_after_ns / base::kSecondNs);
    not_before_s_ = unix_now_() + (pause_s > 0 ? pause_s : kPauseAfterFailureS);
    spdlog::warn("sink {}: the message is not sent yet: {}", options_.name, last_.reason);
    return;
  }
  not_before_s_ = unix_now_() + 1;
  counts_ = {};
  // Where this fails, a restart sends the message again.
  if (auto status = store_.save({reached_, to_text(counts_)}); !status) {
    spdlog::warn("sink {}: {}", options_.name, status.error().message);
  }
}

// A message has no rows that could be taken out of it: whatever is refused needs an operator.
Verdict SlackSink::post() {
  auto request = prepare_request(options_.endpoint);
  if (!request) return retry(request.error());
  const std::string text = slack_text(options_.text, options_.name, counts_, unix_now_());
  const std::string body = nlohmann::json{{"text", text}}.dump(-1, ' ', true);
  request->headers.emplace_back("Content-Type", "application/json");
  request->body = body;
  const auto response = client_.send(*request);
  if (!response) return retry(response.error());
  Verdict verdict = http_verdict(*response, unix_now_(), 1);
  return verdict.kind == Verdict::Kind::kRowsRejected ? rejected(verdict.reason) : verdict;
}

}  // namespace

std::unique_ptr<Sink> make_slack_sink(const SlackOptions& options,
                                      std::function<std::int64_t()> unix_now) {
  return std::make_unique<SlackSink>(options, std::move(unix_now));
}

std::unique_ptr<Sink> make_slack_sink(const SlackOptions& options) {
  return make_slack_sink(
      options, [] { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); });
}

}  // namespace pixel::shipper
