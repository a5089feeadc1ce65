// SPDX-License-Identifier: Apache-2.0
// Any body in any mode: no crash, no record beyond its bounds, accepted JSON is JSON to another
// parser too, and each record makes one line that is JSON and whose head reads back. The first byte
// chooses mode, content coding and batch key; the rest is the body.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "edge/events/envelope.h"
#include "logfmt/event_line.h"

namespace pixel::edge {
namespace {

constexpr BodyLimits kLimits{20, 256, 4096};

BodyReader& reader() {
  static BodyReader made(kLimits);
  return made;
}

void check_line(const Record& record, std::string_view raw) {
  EnvelopeContext context;
  context.request_id = "DqJSj5NzoZS66KJhelRC9g";
  context.unix_seconds = 1'795'200'720;
  context.path = raw.substr(0, 100);
  context.user_agent = raw;
  std::vector<char> out(envelope_bytes_max(context, record, 3));
  const std::size_t bytes = encode_envelope(context, record, 3, 12, out.data());
  CHECK(bytes <= out.size());
  const std::string_view line(out.data(), bytes);
  for (const char c : line) CHECK(c != '\0' && c != '\n' && c != '\r');
  CHECK(nlohmann::json::accept(line.begin(), line.end()));
  const auto head = logfmt::parse_event_head(line);
  CHECK(head && head->sequence == 12 && head->number == 3);
}

// What another parser takes is taken here.
void check_whole(const ReadBody& body, std::string_view raw) {
  if (raw.size() > kLimits.record_bytes_max || !raw.starts_with('{')) return;
  if (!nlohmann::json::accept(raw.begin(), raw.end())) return;
  CHECK(body.fault == RecordFault::kNone && body.records[0].form == RecordForm::kJson);
}

void check_body(const ReadBody& body, std::string_view raw) {
  CHECK(body.records.size() <= kLimits.records_max);
  if (body.fault != RecordFault::kNone) CHECK(body.records.size() == 1);
  for (const Record& record : body.records) {
    CHECK(record.text.size() <= kLimits.record_bytes_max);
    CHECK(body.fault == RecordFault::kNone || record.fault == body.fault);
    if (record.form == RecordForm::kJson) {
      CHECK(record.fault == RecordFault::kNone);
      CHECK(nlohmann::json::accept(record.text.begin(), record.text.end()));
    }
    check_line(record, raw);
  }
}

void check_input(std::uint8_t choice, std::string_view body) {
  constexpr BodyMode kModes[] = {BodyMode::kWhole, BodyMode::kObject, BodyMode::kBatch};
  constexpr std::string_view kCodings[] = {"", "gzip", "deflate"};
  const std::string_view key = (choice & 0x80U) != 0 ? "batch" : "";
  const std::string_view coding = kCodings[choice / 3 % 3];
  check_body(reader().read(kModes[choice % 3], kLimits, key, coding, body), body);
  check_body(reader().read_data_parameter(body, kLimits), body);
  check_whole(reader().read(BodyMode::kWhole, kLimits, "", "", body), body);
}

}  // namespace
}  // namespace pixel::edge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  pixel::edge::check_input(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
