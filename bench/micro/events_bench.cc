// SPDX-License-Identifier: Apache-2.0
// The events lane: a batch of 50 records of 300 bytes read, its envelopes written, its answer.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "edge/events/envelope.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kRecordsCount = 50;
constexpr std::size_t kRecordBytes = 300;

// {"type":"track", ... } of exactly 300 bytes, with the usual mixture.
std::string make_record(std::size_t number) {
  std::string text =
      R"({"type":"track","event":"Product Viewed","messageId":"m-)" + std::to_string(number + 100) +
      R"(","properties":{"price":12.5,"currency":"EUR","tags":["a","b"],"n":)" +
      std::to_string(number + 100) + R"(},"context":{"page":{"path":"/shop","title":")";
  text += std::string(kRecordBytes - text.size() - 4, 't');
  return text + "\"}}}";
}

std::string make_batch(std::string_view separator) {
  std::string text = "[";
  for (std::size_t i = 0; i < kRecordsCount; ++i) {
    if (i > 0) text += separator;
    text += make_record(i).substr(0, kRecordBytes);
  }
  return text + "]";
}

EnvelopeContext bench_context() {
  EnvelopeContext context;
  context.request_id = "DqJSj5NzoZS66KJhelRC9g";
  context.unix_seconds = 1'795'200'720;
  context.client_address = "203.0.113.7";
  context.host = "pixel.example.com";
  context.path = "/collect";
  context.content_type = "application/json";
  context.user_agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0";
  context.referer = "https://www.example.com/shop";
  return context;
}

void read_batch(benchmark::State& state, std::string_view separator) {
  const BodyLimits limits;
  BodyReader reader(limits);
  const std::string batch = make_batch(separator);
  for (auto _ : state) {
    const ReadBody body = reader.read(BodyMode::kBatch, limits, {}, {}, batch);
    if (body.records.size() != kRecordsCount) state.SkipWithError("not read");
    benchmark::DoNotOptimize(body.records.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(batch.size()) * state.iterations());
  state.SetItemsProcessed(static_cast<std::int64_t>(kRecordsCount) * state.iterations());
}
void read_batch_one_line(benchmark::State& state) { read_batch(state, ","); }
void read_batch_of_lines(benchmark::State& state) { read_batch(state, ",\n"); }
BENCHMARK(read_batch_one_line);
BENCHMARK(read_batch_of_lines);

void read_whole(benchmark::State& state) {
  const BodyLimits limits;
  BodyReader reader(limits);
  const std::string record = make_record(7);
  for (auto _ : state) {
    benchmark::DoNotOptimize(reader.read(BodyMode::kWhole, limits, {}, {}, record).records.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(record.size()) * state.iterations());
}
BENCHMARK(read_whole);

void write_envelope(benchmark::State& state, RecordForm form, std::string text) {
  const EnvelopeContext context = bench_context();
  const Record record{RecordFault::kNone, form, text};
  std::vector<char> out(envelope_bytes_max(context, record, 0));
  std::size_t bytes = 0;
  std::uint64_t sequence = 1'000'000;
  for (auto _ : state) {
    bytes = encode_envelope(context, record, 0, ++sequence, out.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}
void envelope_json_300(benchmark::State& state) {
  write_envelope(state, RecordForm::kJson, make_record(7));
}
void envelope_text_300(benchmark::State& state) {
  write_envelope(state, RecordForm::kText, std::string(kRecordBytes, 't'));
}
void envelope_text_32k(benchmark::State& state) {
  write_envelope(state, RecordForm::kText, std::string(32 * 1024, 't'));
}
void envelope_binary_300(benchmark::State& state) {
  write_envelope(state, RecordForm::kBinary, std::string(kRecordBytes, '\xFF'));
}
BENCHMARK(envelope_json_300);
BENCHMARK(envelope_text_300);
BENCHMARK(envelope_text_32k);
BENCHMARK(envelope_binary_300);

void batch_answer(benchmark::State& state) {
  const std::vector<Record> records(kRecordsCount);
  std::vector<char> out(batch_answer_bytes_max(records.size()));
  for (auto _ : state) {
    benchmark::DoNotOptimize(encode_batch_answer({RecordFault::kNone, records}, out.data()));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(batch_answer);

}  // namespace
}  // namespace pixel::edge
