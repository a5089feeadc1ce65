// SPDX-License-Identifier: Apache-2.0
// Lines of the events lane: JSON on one line whatever comes in, never longer than a line may be.
#include "edge/events/envelope.h"

#include <gmock/gmock.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/prng.h"
#include "edge/events/json_text.h"
#include "logfmt/event_line.h"
#include "logfmt/line_decode.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge {
namespace {

using nlohmann::json;

static_assert(kEnvelopeBytesMax + 1 == logfmt::kLineBytesMax);

constexpr std::int64_t kTime = 1'795'200'720;  // 2026-11-20T18:52:00Z
constexpr std::string_view kId = "DqJSj5NzoZS66KJhelRC9g";

EnvelopeContext full_context() {
  EnvelopeContext context;
  context.request_id = kId;
  context.unix_seconds = kTime;
  context.client_address = "192.0.2.1";
  context.host = "pixel.example.com";
  context.path = "/collect";
  context.query = "a=1&b=%20";
  context.content_type = "application/json";
  context.user_agent = "Mozilla/5.0 \"x\"";
  context.referer = "https://example.com/\\";
  context.visitor = "v-1";
  return context;
}

// Writes to memory whose end is where envelope_bytes_max says, before a guard page.
std::string encode(const EnvelopeContext& context, const Record& record, std::uint32_t number = 0,
                   std::uint64_t sequence = 12) {
  static logfmt::GuardedText guard(kEnvelopeBytesMax);
  const std::size_t bytes_max = envelope_bytes_max(context, record, number);
  EXPECT_LE(bytes_max, kEnvelopeBytesMax);
  static const std::string blank(kEnvelopeBytesMax, '?');
  const std::string_view room = guard.set(std::string_view(blank).substr(0, bytes_max));
  char* const out = const_cast<char*>(room.data());
  return std::string(out, encode_envelope(context, record, number, sequence, out));
}

TEST(Envelope, AllMembersInTheirOrder) {
  EXPECT_EQ(encode(full_context(), {RecordFault::kNone, RecordForm::kJson, R"({"a":1})"}, 0),
            R"({"id":"DqJSj5NzoZS66KJhelRC9g","n":0,"seq":12,"time":"2026-11-20T18:52:00Z",)"
            R"("client":"192.0.2.1","host":"pixel.example.com","path":"/collect",)"
            R"("query":"a=1&b=%20","type":"application/json","visitor":"v-1",)"
            R"("user_agent":"Mozilla/5.0 \"x\"","referer":"https://example.com/\\",)"
            R"("record":{"a":1}})");
}

TEST(Envelope, LaterRecordsOfARequestDoNotRepeatItsHead) {
  EXPECT_EQ(encode(full_context(), {RecordFault::kNone, RecordForm::kJson, R"({"a":1})"}, 3),
            R"({"id":"DqJSj5NzoZS66KJhelRC9g","n":3,"seq":12,"time":"2026-11-20T18:52:00Z",)"
            R"("client":"192.0.2.1","path":"/collect","visitor":"v-1","record":{"a":1}})");
  EnvelopeContext context = full_context();
  const std::string path(60'000, '/');
  context.path = path;
  const std::string line = encode(context, {RecordFault::kNone, RecordForm::kJson, "{}"}, 1);
  EXPECT_LT(line.size(), 1024U);
  EXPECT_NE(line.find("\"cut\":true"), std::string::npos);
}

TEST(Envelope, EmptyOnesAreLeftOut) {
  EnvelopeContext context;
  context.request_id = kId;
  EXPECT_EQ(encode(context, {RecordFault::kNone, RecordForm::kText, ""}, 0, 0),
            R"({"id":"DqJSj5NzoZS66KJhelRC9g","n":0,"seq":0,"time":"1970-01-01T00:00:00Z",)"
            R"("record":""})");
}

TEST(Envelope, FaultsAndForms) {
  EnvelopeContext context;
  context.request_id = kId;
  const auto tail = [&](const Record& record) {
    const std::string line = encode(context, record);
    return line.substr(line.find("00Z\"") + 4);
  };
  EXPECT_EQ(tail({RecordFault::kTooLarge, RecordForm::kText, "{\"a\n"}),
            R"(,"fault":"record_too_large","record":"{\"a\n"})");
  EXPECT_EQ(tail({RecordFault::kNotJson, RecordForm::kBinary, "\xFF\xFE"}),
            R"(,"fault":"invalid_json","encoding":"base64","record":"//4="})");
  EXPECT_EQ(tail({RecordFault::kNone, RecordForm::kBinary, "abc"}),
            R"(,"encoding":"base64","record":"YWJj"})");
  EXPECT_EQ(tail({RecordFault::kEmpty, RecordForm::kText, ""}), R"(,"fault":"empty","record":""})");
  EXPECT_EQ(tail({RecordFault::kNone, RecordForm::kText, "\x01\x02\x03\x04"}),
            R"(,"encoding":"base64","record":"AQIDBA=="})")
      << "text that would grow too much";
}

TEST(Envelope, EveryByteInEveryPlace) {
  std::string raw;
  for (int i = 0; i < 256; ++i) raw += static_cast<char>(i);
  EnvelopeContext context = full_context();
  for (auto member :
       {&EnvelopeContext::client_address, &EnvelopeContext::host, &EnvelopeContext::path,
        &EnvelopeContext::query, &EnvelopeContext::content_type, &EnvelopeContext::user_agent,
        &EnvelopeContext::referer, &EnvelopeContext::visitor}) {
    context.*member = raw;
  }
  const std::string line = encode(context, {RecordFault::kNone, RecordForm::kText, raw});
  for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  const json object = json::parse(line, nullptr, false);
  ASSERT_TRUE(object.is_object());
  std::string expected = raw.substr(0, 128);
  for (int i = 0; i < 128; ++i) expected += "\xEF\xBF\xBD";
  for (const char* name :
       {"client", "host", "path", "query", "type", "user_agent", "referer", "visitor"}) {
    EXPECT_EQ(object[name], expected) << name;
  }
  EXPECT_FALSE(object.contains("cut"));
}

TEST(Envelope, ALineIsNeverTooLong) {
  const std::string worst(70'000, '\x01');
  EnvelopeContext context = full_context();
  context.path = context.query = context.user_agent = worst;
  std::string large(kRecordBytesMax, '"');
  const Record records[] = {
      {RecordFault::kNone, RecordForm::kText, large},
      {RecordFault::kTooLarge, RecordForm::kBinary, large},
      {RecordFault::kNone, RecordForm::kJson, "{}"},
  };
  for (const Record& record : records) {
    const std::string line = encode(context, record);
    EXPECT_LE(line.size(), kEnvelopeBytesMax);
    const json object = json::parse(line, nullptr, false);
    ASSERT_TRUE(object.is_object());
    EXPECT_EQ(object["cut"], true);
    EXPECT_EQ(object["path"].get<std::string>().find_first_not_of('\x01'), std::string::npos);
    if (record.form == RecordForm::kText) {
      EXPECT_EQ(object["record"], large);
    }
  }
}

TEST(Envelope, TheHeadIsReadBack) {
  for (const std::uint64_t sequence : {std::uint64_t{0}, std::uint64_t{9}, UINT64_MAX}) {
    const std::string line =
        encode(full_context(), {RecordFault::kNone, RecordForm::kJson, "{}"}, 499, sequence);
    const auto head = logfmt::parse_event_head(line);
    ASSERT_TRUE(head) << line;
    EXPECT_EQ(head->request_id, kId);
    EXPECT_EQ(head->number, 499U);
    EXPECT_EQ(head->sequence, sequence);
    EXPECT_EQ(head->unix_seconds, kTime);
  }
}

TEST(JsonText, ValidUtf8StaysAndTheRestIsReplaced) {
  const struct {
    std::string raw;
    std::string expected;
  } cases[] = {
      {"gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F"},
      {"\xE2\x82\xAC", "\xE2\x82\xAC"},
      {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
      {"\xC0\xAF", "??"},            // Over-long.
      {"\xE0\x80\xAF", "???"},       // Over-long.
      {"\xED\xA0\x80", "???"},       // A surrogate.
      {"\xF4\x90\x80\x80", "????"},  // Above U+10FFFF.
      {"\xE2\x82", "??"},            // Cut off.
      {"\xE2\x82x", "??x"},
      {"\x80", "?"},
      {"\xFF", "?"},
      {"\x7F", "\x7F"},
      {std::string("\0\x1F\b", 3), "\\u0000\\u001f\\u0008"},
      {"\t\r\n\"\\/", "\\t\\r\\n\\\"\\\\/"},
  };
  for (const auto& each : cases) {
    std::string expected = each.expected;
    for (std::size_t at = 0; (at = expected.find('?', at)) != std::string::npos; at += 3) {
      expected.replace(at, 1, "\xEF\xBF\xBD");
    }
    // In the middle of plain text too, at each place of a word.
    for (std::size_t before = 0; before < 10; ++before) {
      const std::string whole = std::string(before, 'x') + each.raw + "tail of it";
      logfmt::GuardedText guard(64);
      std::string_view raw = guard.set(whole);
      std::string out(kJsonGrowth * whole.size(), '\0');
      out.resize(
          static_cast<std::size_t>(write_json_text(raw, out.data(), out.size()) - out.data()));
      EXPECT_EQ(out, std::string(before, 'x') + expected + "tail of it");
      EXPECT_EQ(json_text_bytes(whole), out.size());
    }
  }
}

TEST(JsonText, EndsWithTheLastCharacterThatFits) {
  const std::string whole = "ab\"\xE2\x82\xAC\x01z";
  std::string_view all = whole;
  std::string full(64, '\0');
  full.resize(static_cast<std::size_t>(write_json_text(all, full.data(), 64) - full.data()));
  const std::size_t borders[] = {0, 1, 2, 4, 7, 13, 14};
  for (std::size_t room = 0; room <= full.size(); ++room) {
    std::string_view raw = whole;
    std::string out(64, '\0');
    const auto bytes =
        static_cast<std::size_t>(write_json_text(raw, out.data(), room) - out.data());
    EXPECT_EQ(bytes, *(std::upper_bound(std::begin(borders), std::end(borders), room) - 1));
    EXPECT_EQ(out.substr(0, bytes), full.substr(0, bytes));
    EXPECT_EQ(raw.empty(), room == full.size());
  }
}

TEST(JsonText, AgreesWithAnotherWriter) {
  base::Prng prng(20261120);
  for (int round = 0; round < 20'000; ++round) {
    std::string raw(prng.below(40), '\0');
    for (char& c : raw) c = static_cast<char>(prng.below(128));
    std::string_view rest = raw;
    std::string out(kJsonGrowth * raw.size(), '\0');
    out.resize(
        static_cast<std::size_t>(write_json_text(rest, out.data(), out.size()) - out.data()));
    EXPECT_EQ(json::parse("\"" + out + "\"", nullptr, false), raw);
  }
}

TEST(BatchAnswer, SaysWhatBecameOfEachRecord) {
  const Record records[] = {
      {RecordFault::kNone, RecordForm::kJson, "{}"},
      {RecordFault::kTooLarge, RecordForm::kText, "x"},
  };
  std::string out(batch_answer_bytes_max(2), '\0');
  out.resize(encode_batch_answer({RecordFault::kNone, records}, out.data()));
  EXPECT_EQ(out, R"({"accepted":1,"failed":1,"results":[{"status":"accepted"},)"
                 R"({"status":"failed","code":"record_too_large",)"
                 R"("message":"The record is larger than one may be."}]})");
}

TEST(BatchAnswer, FitsItsBound) {
  for (std::size_t fault = 0; fault < kRecordFaultCount; ++fault) {
    const std::vector<Record> records(
        1000, Record{static_cast<RecordFault>(fault), RecordForm::kText, ""});
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, records.size()}) {
      std::string out(batch_answer_bytes_max(count) + 4096, '\0');
      const std::size_t bytes =
          encode_batch_answer({RecordFault::kNone, std::span(records).first(count)}, out.data());
      EXPECT_LE(bytes, batch_answer_bytes_max(count));
      const json answer = json::parse(out.substr(0, bytes), nullptr, false);
      EXPECT_EQ(answer["results"].size(), count);
      EXPECT_EQ(answer["accepted"].get<std::size_t>() + answer["failed"].get<std::size_t>(), count);
    }
  }
}

}  // namespace
}  // namespace pixel::edge
