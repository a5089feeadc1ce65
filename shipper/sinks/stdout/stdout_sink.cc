// SPDX-License-Identifier: Apache-2.0
// See stdout_sink.h.
#include "shipper/sinks/stdout/stdout_sink.h"

#include <fmt/format.h>

#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "shipper/encode/json_lines.h"
#include "shipper/sinks/stdout/patient_writer.h"

namespace pixel::shipper {
namespace {

// Two sinks that share the output must not cut into each other's lines: the one that could not
// write all of its batch keeps the output until it has.
struct Output {
  std::mutex mutex;
  const Sink* owner = nullptr;  // Guarded by mutex.
};
Output& output() {
  static Output the_output;
  return the_output;
}

class StdoutSink : public Sink {
 public:
  StdoutSink(const StdoutOptions& options, int fd) : options_(options), writer_(fd) {
    const bool is_mixed = options.tables.size() > 1;
    for (const TableSpec& table : options.tables) {
      encoders_.emplace_back(table.columns, is_mixed ? table.name : "");
    }
  }

  SinkTraits traits() const override {
    return {false, options_.is_raw, 1, false, kJsonLinesVersion};
  }
  Guarantee guarantee() const override {
    return {false, "a batch is acked once the pipe has taken it; after a crash it comes again",
            "the reader ends before it has used what it was given"};
  }
  base::Result<Checkpoint> open() override { return Checkpoint{}; }
  void close() override {
    const std::lock_guard lock(output().mutex);
    if (output().owner == this) output().owner = nullptr;
  }
  Verdict deliver(const Batch& batch) override;
  base::Result<std::vector<Holding>> holdings() override {
    return base::Error{"what went to standard output cannot be read back"};
  }

 private:
  void encode(const Batch& batch);
  void encode_lines(const Batch& batch);

  const StdoutOptions options_;
  PatientWriter writer_;
  std::vector<JsonLines> encoders_;  // By table.
  std::string text_;                 // Of the batch under way.
  std::string token_;                // Of that batch; "" where none is.
  std::size_t written_ = 0;          // Of text_.
};

void StdoutSink::encode(const Batch& batch) {
  text_.clear();
  written_ = 0;
  if (options_.is_raw) return encode_lines(batch);
  for (std::size_t i = 0; i < encoders_.size(); ++i) text_ += encoders_[i].encode(batch.tables[i]);
}

// Without the comment lines of the segments: there is one output, not a file with a header.
void StdoutSink::encode_lines(const Batch& batch) {
  for (const LineChunk& chunk : batch.lines) {
    for (std::string_view rest = chunk.text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
      if (rest.front() != '#') text_ += rest.substr(0, end);
      rest.remove_prefix(end);
    }
  }
}

// A reader that stands still makes the batch a retry, which goes on where it stopped: the process
// stays able to end, and no line comes twice.
Verdict StdoutSink::deliver(const Batch& batch) {
  const std::string token = batch.token();
  if (token_ != token) encode(batch);
  token_ = token;
  const std::lock_guard lock(output().mutex);
  if (output().owner != nullptr && output().owner != this) {
    return retry({"another sink has written half a batch to standard output"});
  }
  output().owner = this;
  const auto end =
      writer_.write(std::string_view(text_).substr(written_), options_.stall_timeout_ns, written_);
  switch (end) {
    case PatientWriter::End::kWritten:
      token_.clear();
      output().owner = nullptr;
      return acked();
    case PatientWriter::End::kStalled:
      return retry(
          {fmt::format("the reader of standard output took nothing for {} ms: {} of {} "
                       "bytes of the batch are written",
                       options_.stall_timeout_ns / base::kMillisecondNs, written_, text_.size())});
    case PatientWriter::End::kClosed:
      return rejected(
          "standard output is closed: the program that read it has ended; start both again (what "
          "was not taken is still in the log)");
    case PatientWriter::End::kFailed:
      break;
  }
  return retry(
      {fmt::format("cannot write to standard output: {}", std::strerror(writer_.error()))});
}

}  // namespace

std::unique_ptr<Sink> make_stdout_sink(const StdoutOptions& options, int fd) {
  return std::make_unique<StdoutSink>(options, fd);
}

}  // namespace pixel::shipper
