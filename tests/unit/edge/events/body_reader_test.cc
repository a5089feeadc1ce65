// SPDX-License-Identifier: Apache-2.0
// Bodies as senders write them: what becomes a record, in which form, and what is wrong with the
// rest.
#include "edge/events/body_reader.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/memory_freeze.h"
#include "tests/unit/edge/events/compress.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr BodyLimits kLimits{5, 64, 1024};

struct BodyReaderTest : public ::testing::Test {
  ReadBody read(BodyMode mode, std::string_view body, std::string_view encoding = {},
                std::string_view key = {}) {
    return reader.read(mode, limits, key, encoding, guard.set(body));
  }
  BodyLimits limits = kLimits;
  BodyReader reader{BodyLimits{500, 32 * 1024, 128 * 1024}};
  logfmt::GuardedText guard{256 * 1024};
};

std::vector<std::string> texts(const ReadBody& body) {
  std::vector<std::string> all;
  for (const Record& record : body.records) all.emplace_back(record.text);
  return all;
}

std::vector<RecordFault> faults(const ReadBody& body) {
  std::vector<RecordFault> all;
  for (const Record& record : body.records) all.push_back(record.fault);
  return all;
}

struct WholeCase {
  const char* name;
  std::string body;
  RecordForm form;
  std::string text;  // Empty: the body.
};

TEST_F(BodyReaderTest, WholeTakesWhatComes) {
  const WholeCase cases[] = {
      {"object", R"({"a":1})", RecordForm::kJson, {}},
      {"array", R"([1, 2])", RecordForm::kJson, {}},
      {"space around", " \t{\"a\" : 1} ", RecordForm::kJson, "{\"a\" : 1}"},
      {"several lines", "{\n  \"a\": \"x y\",\r\n  \"b\": [1,\n2]\n}\n", RecordForm::kJson,
       R"({"a":"x y","b":[1,2]})"},
      {"byte order mark", "\xEF\xBB\xBF{\"a\":1}", RecordForm::kJson, "{\"a\":1}"},
      {"integer beyond 64 bits", R"({"m":-123456789012345678901234567890})", RecordForm::kJson, {}},
      {"half of a surrogate pair", R"({"t":"cut \ud83d"})", RecordForm::kJson,
       R"({"t":"cut \ufffd"})"},
      {"whole pair beside halves", R"({"t":"\ud83d\ude00\ude00\ud83d\u0041"})", RecordForm::kJson,
       R"({"t":"\ud83d\ude00\ufffd\ufffd\u0041"})"},
      {"scalar is text", "12", RecordForm::kText, {}},
      {"form", "a=1&b=%7B", RecordForm::kText, {}},
      {"broken JSON is text", R"({"a":)", RecordForm::kText, {}},
      {"broken JSON is left alone", R"({"t":"\ud83d",})", RecordForm::kText, {}},
      {"UTF-8", "gr\xC3\xBC\xC3\x9F\nGott", RecordForm::kText, {}},
      {"no UTF-8", "\xC3", RecordForm::kBinary, {}},
      {"NUL", std::string("a\0b", 3), RecordForm::kBinary, {}},
      {"NUL in JSON", std::string("{\"a\":\"\0\"}", 9), RecordForm::kBinary, {}},
  };
  for (const WholeCase& each : cases) {
    const ReadBody body = read(BodyMode::kWhole, each.body);
    ASSERT_THAT(body.records, SizeIs(1)) << each.name;
    EXPECT_EQ(body.fault, RecordFault::kNone) << each.name;
    EXPECT_EQ(body.records[0].form, each.form) << each.name;
    EXPECT_EQ(body.records[0].text, each.text.empty() ? each.body : each.text) << each.name;
  }
}

TEST_F(BodyReaderTest, AnEmptyBody) {
  EXPECT_THAT(read(BodyMode::kWhole, "").records, IsEmpty());
  EXPECT_EQ(read(BodyMode::kWhole, "").fault, RecordFault::kNone);
  for (const BodyMode mode : {BodyMode::kObject, BodyMode::kBatch}) {
    for (const char* text : {"", "  ", "\n\t"}) {
      EXPECT_EQ(read(mode, text).fault, RecordFault::kEmpty);
      EXPECT_THAT(faults(read(mode, text)), ElementsAre(RecordFault::kEmpty));
    }
    EXPECT_EQ(read(mode, "", "gzip").fault, RecordFault::kEmpty);
    EXPECT_EQ(read(mode, compress("", Frame::kGzip), "gzip").fault, RecordFault::kEmpty);
  }
}

TEST_F(BodyReaderTest, ObjectIsOneObject) {
  const struct {
    std::string body;
    RecordFault fault;
  } cases[] = {
      {R"({})", RecordFault::kNone},
      {R"( {"a":[{"b":"}"}]} )", RecordFault::kNone},
      {R"([{}])", RecordFault::kNotObject},
      {R"("x")", RecordFault::kNotObject},
      {"true", RecordFault::kNotObject},
      {"{", RecordFault::kNotJson},
      {R"({"a":1}{"b":2})", RecordFault::kNotJson},
      {R"({"a":01})", RecordFault::kNotJson},
      {R"({"a":1e})", RecordFault::kNotJson},
      {R"({"a":-})", RecordFault::kNotJson},
      {R"({"a":1.})", RecordFault::kNotJson},
      {R"({"a":.5})", RecordFault::kNotJson},
      {R"({"a":+1})", RecordFault::kNotJson},
      {R"({"a":1e999})", RecordFault::kNotJson},
      {R"({"a":"1e999","b":1e308})", RecordFault::kNone},
      {R"({"a":99999999999999999999})", RecordFault::kNone},
      {R"({"a":"\u12345","b":99999999999999999999})", RecordFault::kNone},
      {R"({"a":99999999999999999999x})", RecordFault::kNotJson},
      {R"({"a":99999999999999999999 2})", RecordFault::kNotJson},
      {R"({"a":99999999999999999999,"b":nul})", RecordFault::kNotJson},
      {R"({"a":099999999999999999999})", RecordFault::kNotJson},
      {R"({"a":99999999999999999999-1})", RecordFault::kNotJson},
      {"{\"a\":" + std::string(310, '9') + "}", RecordFault::kNotJson},
      {R"({"a":NaN})", RecordFault::kNotJson},
      {R"({'a':1})", RecordFault::kNotJson},
      {R"({"a":1,})", RecordFault::kNotJson},
      {R"({"a":"\x"})", RecordFault::kNotJson},
      {R"({"a":"\ud83g"})", RecordFault::kNotJson},
      {R"({"a":"\ud8)", RecordFault::kNotJson},
      {"{\"a\":\"\n\"}", RecordFault::kNotJson},
      {"{\"a\":\"\xFF\"}", RecordFault::kNotJson},
      {"{\"a\":\"" + std::string(80, 'x') + "\"}", RecordFault::kTooLarge},
  };
  for (const auto& each : cases) {
    const ReadBody body = read(BodyMode::kObject, each.body);
    EXPECT_EQ(body.fault, each.fault) << each.body;
    ASSERT_THAT(body.records, SizeIs(1)) << each.body;
    EXPECT_EQ(body.records[0].fault, each.fault) << each.body;
  }
}

TEST_F(BodyReaderTest, DepthIsBounded) {
  limits.record_bytes_max = 4096;
  limits.body_bytes_max = 4096;
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(read(BodyMode::kObject, nested(200)).fault, RecordFault::kNone);
  EXPECT_EQ(read(BodyMode::kObject, nested(300)).fault, RecordFault::kNotJson);
}

TEST_F(BodyReaderTest, BatchesOfEachShape) {
  const struct {
    std::string body;
    std::string key;
    std::vector<std::string> expected;
  } cases[] = {
      {R"([{"a":1},{"b":"],[{"}])", "", {R"({"a":1})", R"({"b":"],[{"})"}},
      {R"([ {"a":1} , {} ])", "batch", {R"({"a":1})", "{}"}},
      {R"({"batch":[{"a":1}]})", "", {R"({"a":1})"}},
      {R"({"sentAt":"x","batch":[{"a":1}],"context":{"l":[1]}})", "", {R"({"a":1})"}},
      {R"({"other":[{"b":1}],"batch":[{"a":1}]})", "batch", {R"({"a":1})"}},
      {"{\"schema\":\"iglu\",\n \"data\":\n[\n{\"e\":\n\"pv\\n\"},\n{}\n]}",
       "data",
       {R"({"e":"pv\n"})", "{}"}},
      {"[]", "", {}},
      {R"([{"a":"\\"},{"a":"\""}])", "", {R"({"a":"\\"})", R"({"a":"\""})"}},
      {R"([{"n":99999999999999999999},{"t":"\ud800"}])",
       "",
       {R"({"n":99999999999999999999})", R"({"t":"\ufffd"})"}},
  };
  for (const auto& each : cases) {
    const ReadBody body = read(BodyMode::kBatch, each.body, {}, each.key);
    EXPECT_EQ(body.fault, RecordFault::kNone) << each.body;
    EXPECT_EQ(texts(body), each.expected) << each.body;
    for (const Record& record : body.records) EXPECT_EQ(record.form, RecordForm::kJson);
  }
}

TEST_F(BodyReaderTest, NoBatch) {
  for (const char* body :
       {R"({})", R"({"a":1})", R"({"a":[],"b":[]})", R"("x")", "1", R"({"batch":[],"batch":[]})"}) {
    const ReadBody read_body = read(BodyMode::kBatch, body);
    EXPECT_EQ(read_body.fault, RecordFault::kNotBatch) << body;
    EXPECT_THAT(texts(read_body), ElementsAre(body));
  }
  EXPECT_EQ(read(BodyMode::kBatch, R"({"data":[{}]})", {}, "batch").fault, RecordFault::kNotBatch);
  EXPECT_EQ(read(BodyMode::kBatch, R"({"batch":{}})", {}, "batch").fault, RecordFault::kNotBatch);
  EXPECT_EQ(read(BodyMode::kBatch, "[{}").fault, RecordFault::kNotJson);
}

TEST_F(BodyReaderTest, FaultyRecordsDoNotFailTheOthers) {
  const std::string large = R"({"a":")" + std::string(100, 'x') + R"("})";
  const ReadBody body = read(BodyMode::kBatch, R"([{"a":1},7,"x",)" + large + R"(,{"b":2}])");
  EXPECT_EQ(body.fault, RecordFault::kNone);
  EXPECT_THAT(faults(body),
              ElementsAre(RecordFault::kNone, RecordFault::kNotObject, RecordFault::kNotObject,
                          RecordFault::kTooLarge, RecordFault::kNone));
  EXPECT_THAT(texts(body),
              ElementsAre(R"({"a":1})", "7", R"("x")", large.substr(0, 64), R"({"b":2})"));
  EXPECT_EQ(body.records[3].form, RecordForm::kText);
}

TEST_F(BodyReaderTest, RecordsAreMeasuredAsSent) {
  const std::string spaced = "{" + std::string(62, '\n') + "}";  // 64 bytes: the limit.
  EXPECT_THAT(texts(read(BodyMode::kBatch, "[" + spaced + "]")), ElementsAre("{}"));
  EXPECT_EQ(read(BodyMode::kBatch, "[{\n" + spaced.substr(1) + "]").records[0].fault,
            RecordFault::kTooLarge);
}

TEST_F(BodyReaderTest, TooManyRecordsRefuseTheWholeBatch) {
  EXPECT_THAT(read(BodyMode::kBatch, "[{},{},{},{},{}]").records, SizeIs(5));
  const ReadBody body = read(BodyMode::kBatch, "[{},{},{},{},{},{}]");
  EXPECT_EQ(body.fault, RecordFault::kTooManyRecords);
  EXPECT_THAT(texts(body), ElementsAre("[{},{},{},{},{},{}]"));
}

TEST_F(BodyReaderTest, CutsFaultyTextBetweenCharacters) {
  const std::string euro = "\xE2\x82\xAC";
  for (std::size_t pad = 60; pad <= 64; ++pad) {
    const std::string text = std::string(pad, 'x') + euro + euro + "y";
    const ReadBody body = read(BodyMode::kObject, text);
    EXPECT_EQ(body.fault, RecordFault::kNotJson);
    EXPECT_EQ(body.records[0].form, RecordForm::kText);
    const std::size_t whole = pad <= 61 ? pad + 3 : pad;
    EXPECT_EQ(body.records[0].text, text.substr(0, whole)) << pad;
  }
  const ReadBody binary = read(BodyMode::kObject, std::string(100, '\xFF'));
  EXPECT_EQ(binary.records[0].form, RecordForm::kBinary);
  EXPECT_EQ(binary.records[0].text.size(), 64U);
}

TEST_F(BodyReaderTest, BodiesOfTheLimitAndBeyond) {
  limits.record_bytes_max = 2048;
  for (const bool zipped : {false, true}) {
    const auto send = [&](std::size_t bytes) {
      const std::string text(bytes, 'x');
      return zipped ? read(BodyMode::kWhole, compress(text, Frame::kGzip), "gzip")
                    : read(BodyMode::kWhole, text);
    };
    EXPECT_EQ(send(1024).fault, RecordFault::kNone);
    EXPECT_EQ(send(1024).records[0].text.size(), 1024U);
    EXPECT_EQ(send(1025).fault, RecordFault::kBodyTooLarge);
    EXPECT_EQ(send(100'000).fault, RecordFault::kBodyTooLarge);
    EXPECT_LE(send(100'000).records[0].text.size(), 2048U);
  }
}

TEST_F(BodyReaderTest, ContentCodings) {
  const std::string json = R"({"a":"hello hello hello hello"})";
  const struct {
    std::string encoding;
    std::string body;
  } good[] = {
      {"", json},
      {"identity", json},
      {"gzip", compress(json, Frame::kGzip)},
      {" X-GZip ", compress(json, Frame::kGzip)},
      {"gzip", compress(json.substr(0, 9), Frame::kGzip) + compress(json.substr(9), Frame::kGzip)},
      {"deflate", compress(json, Frame::kZlib)},
      {"Deflate", compress(json, Frame::kRaw)},
  };
  for (const auto& each : good) {
    const ReadBody body = read(BodyMode::kObject, each.body, each.encoding);
    EXPECT_EQ(body.fault, RecordFault::kNone) << each.encoding;
    EXPECT_THAT(texts(body), ElementsAre(json)) << each.encoding;
  }
  for (const char* encoding : {"br", "gzip, gzip", "zstd", "gzi"}) {
    const ReadBody body = read(BodyMode::kWhole, json, encoding);
    EXPECT_EQ(body.fault, RecordFault::kBadEncoding) << encoding;
    EXPECT_THAT(texts(body), ElementsAre(json));
  }
}

TEST_F(BodyReaderTest, DamagedCodingsAtEveryByte) {
  const std::string json = R"({"a":"hello hello hello hello"})";
  for (const auto& [encoding, frame] :
       {std::pair{"gzip", Frame::kGzip}, std::pair{"deflate", Frame::kZlib}}) {
    const std::string good = compress(json, frame);
    for (std::size_t bytes = 1; bytes < good.size(); ++bytes) {
      const ReadBody body = read(BodyMode::kObject, good.substr(0, bytes), encoding);
      EXPECT_EQ(body.fault, RecordFault::kBadEncoding) << encoding << " " << bytes;
      EXPECT_EQ(texts(body)[0], good.substr(0, std::min<std::size_t>(bytes, 64)));
    }
    for (const char* more : {"xx", "more than a word"}) {
      EXPECT_EQ(read(BodyMode::kObject, good + more, encoding).fault, RecordFault::kBadEncoding)
          << encoding << " " << more;
    }
    std::string wrong = good;
    const std::size_t checksum = good.size() - (frame == Frame::kGzip ? 5 : 1);
    wrong[checksum] = static_cast<char>(wrong[checksum] ^ 1);
    EXPECT_EQ(read(BodyMode::kObject, wrong, encoding).fault, RecordFault::kBadEncoding);
  }
}

TEST_F(BodyReaderTest, AZipBombEndsAtTheLimit) {
  const std::string bomb = compress(std::string(16 * 1024 * 1024, ' '), Frame::kGzip);
  ASSERT_LT(bomb.size(), 256U * 1024);
  EXPECT_EQ(read(BodyMode::kBatch, bomb, "gzip").fault, RecordFault::kBodyTooLarge);
}

TEST_F(BodyReaderTest, LimitsOfARouteNeverExceedTheReaders) {
  BodyReader small(BodyLimits{2, 16, 32});
  const BodyLimits wide{1000, 100'000, 1'000'000};
  EXPECT_EQ(small.read(BodyMode::kBatch, wide, {}, {}, "[1,2,3]").fault,
            RecordFault::kTooManyRecords);
  EXPECT_EQ(small.read(BodyMode::kWhole, wide, {}, {}, std::string(33, 'x')).fault,
            RecordFault::kBodyTooLarge);
  EXPECT_EQ(small.read(BodyMode::kWhole, wide, {}, {}, std::string(17, 'x')).fault,
            RecordFault::kTooLarge);
}

TEST_F(BodyReaderTest, EveryPrefixOfABatchIsReadOrRefused) {
  limits.record_bytes_max = 1024;
  const std::string body =
      "{\"sentAt\": \"x\", \"batch\": [{\"a\": [1,\n {\"b\": \"\\u00e9\\\\\"}]},\n {\"c\": "
      "-1.5e3}, "
      "null]}";
  for (std::size_t bytes = 1; bytes < body.size(); ++bytes) {
    EXPECT_EQ(read(BodyMode::kBatch, body.substr(0, bytes)).fault, RecordFault::kNotJson) << bytes;
  }
  EXPECT_THAT(texts(read(BodyMode::kBatch, body)),
              ElementsAre("{\"a\":[1,{\"b\":\"\\u00e9\\\\\"}]}", "{\"c\": -1.5e3}", "null"));
}

TEST_F(BodyReaderTest, DataParameter) {
  const auto read_data = [&](std::string_view query) {
    return reader.read_data_parameter(guard.set(query), limits);
  };
  // {"event":"a?b>c"}: its base64 has a plus sign, a slash and padding.
  for (const char* query :
       {"data=eyJldmVudCI6ImE/Yj5jfn5+In0=", "x=1&data=eyJldmVudCI6ImE_Yj5jfn5-In0&data=bad!",
        "data=eyJldmVudCI6ImE%2FYj5jfn5%2BIn0%3D&y=2", "data=eyJldmVudCI6ImE/Yj5jfn5%20In0="}) {
    const ReadBody body = read_data(query);
    EXPECT_EQ(body.fault, RecordFault::kNone) << query;
    EXPECT_THAT(texts(body), ElementsAre(R"({"event":"a?b>c~~~"})")) << query;
  }
  for (const char* query : {"", "a=1", "mydata=e30", "datax=e30", "Data=e30", "&&"}) {
    EXPECT_THAT(read_data(query).records, IsEmpty()) << query;
  }
  const struct {
    const char* query;
    RecordFault fault;
    std::string text;
  } bad[] = {
      {"data=", RecordFault::kEmpty, ""},
      {"data", RecordFault::kEmpty, ""},
      {"data=e30x!", RecordFault::kBadBase64, "e30x!"},
      {"data=e30=", RecordFault::kNone, "{}"},
      {"data=e30==", RecordFault::kBadBase64, "e30=="},
      {"data=e", RecordFault::kBadBase64, "e"},
      {"data=e=30", RecordFault::kBadBase64, "e=30"},
      {"data=%7B%7D", RecordFault::kBadBase64, "%7B%7D"},
      {"data=%", RecordFault::kBadBase64, "%"},
      {"data=W10=", RecordFault::kNotObject, "[]"},
      {"data=ew==", RecordFault::kNotJson, "{"},
  };
  for (const auto& each : bad) {
    const ReadBody body = read_data(each.query);
    EXPECT_EQ(body.fault, each.fault) << each.query;
    EXPECT_THAT(texts(body), ElementsAre(each.text)) << each.query;
  }
}

TEST_F(BodyReaderTest, AllocatesNothingOnceItIsMade) {
  if (!base::freeze_is_checked()) GTEST_SKIP() << "this build does not check it";
  limits = {500, 32 * 1024, 128 * 1024};
  std::string batch = "[";
  for (int i = 0; i < 500; ++i) batch += "{\"n\":\n99999999999999999999,\"s\":\"\\ud83d\"},";
  batch += "{}]";
  std::string largest = "[\"" + std::string(128 * 1024 - 4, '1') + "\"]";
  const std::string zipped = compress(batch, Frame::kGzip);
  base::freeze_this_thread();
  const ReadBody many = reader.read(BodyMode::kBatch, limits, "", "", batch);
  const ReadBody inflated = reader.read(BodyMode::kBatch, limits, "", "gzip", zipped);
  const ReadBody whole = reader.read(BodyMode::kWhole, limits, "", "", largest);
  const ReadBody object = reader.read(BodyMode::kObject, limits, "", "", largest);
  reader.read_data_parameter("data=e30=", limits);
  base::thaw_this_thread();
  EXPECT_EQ(many.fault, RecordFault::kTooManyRecords);
  EXPECT_EQ(inflated.fault, RecordFault::kTooManyRecords);
  EXPECT_EQ(whole.fault, RecordFault::kTooLarge);
  EXPECT_EQ(object.fault, RecordFault::kNotObject);
}

TEST(RecordFault, EachHasItsOwnWords) {
  std::vector<std::string_view> codes;
  for (std::size_t i = 0; i < kRecordFaultCount; ++i) {
    const auto fault = static_cast<RecordFault>(i);
    codes.push_back(fault_code(fault));
    EXPECT_FALSE(fault_message(fault).empty());
    EXPECT_EQ(nlohmann::json(std::string(fault_message(fault))).dump().size(),
              fault_message(fault).size() + 2)
        << "nothing to escape";
  }
  std::sort(codes.begin(), codes.end());
  EXPECT_EQ(std::unique(codes.begin(), codes.end()), codes.end());
  EXPECT_EQ(fault_code(RecordFault::kTooLarge), "record_too_large");
}

}  // namespace
}  // namespace pixel::edge
