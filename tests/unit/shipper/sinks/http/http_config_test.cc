// SPDX-License-Identifier: Apache-2.0
#include "shipper/sinks/http/http_config.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "shipper/sinks/http/http_request.h"
#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper {
namespace {

struct Read {
  HttpSection section;
  std::vector<std::string> errors;
};

Read read(const std::string& text) {
  Read result;
  const auto reader = base::ConfigReader::from_text(text, "s.toml");
  base::ConfigSection root = reader->root();
  read_http_sink_config(root, result.section);
  root.finish();
  result.errors = reader->errors();
  return result;
}

TEST(HttpConfig, ReadsEverything) {
  const Read got = read(
      "url = \"https://rows.example/in\"\nbody = \"array\"\ngzip = true\n"
      "bearer_token = \"env:HTTP_TEST_TOKEN\"\n"
      "headers = [\"X-Tenant: a\", \"X-Api-Key: env:HTTP_TEST_KEY\"]\ntimeout = \"5s\"\n");
  ASSERT_TRUE(got.errors.empty()) << got.errors[0];
  EXPECT_TRUE(got.section.http.is_array);
  ::setenv("HTTP_TEST_TOKEN", "t0ken", 1);
  ::setenv("HTTP_TEST_KEY", "k3y", 1);
  const auto request = prepare_request(got.section.http.endpoint);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->bearer_token, "t0ken");
  const HttpHeaders wanted = {{"X-Tenant", "a"}, {"X-Api-Key", "k3y"}};
  EXPECT_EQ(request->headers, wanted);
  ::unsetenv("HTTP_TEST_KEY");
  EXPECT_FALSE(prepare_request(got.section.http.endpoint).ok());
}

TEST(HttpConfig, AWebhooksUrlIsASecret) {
  const Read got = read("preset = \"slack\"\nurl = \"env:HTTP_TEST_URL\"\ninterval = \"5m\"\n");
  ASSERT_TRUE(got.errors.empty()) << got.errors[0];
  ASSERT_TRUE(got.section.is_slack);
  ::setenv("HTTP_TEST_URL", "no url at all", 1);
  const auto wrong = prepare_request(got.section.slack.endpoint);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().message.find("no url at all"), std::string::npos);
  ::setenv("HTTP_TEST_URL", "https://hooks.example/T/B/x", 1);
  EXPECT_EQ(prepare_request(got.section.slack.endpoint)->url, "https://hooks.example/T/B/x");
}

TEST(HttpConfig, SaysWhatIsWrong) {
  EXPECT_EQ(read("").errors.size(), 1U);
  EXPECT_EQ(read("url = \"ftp://x\"\n").errors.size(), 1U);
  EXPECT_EQ(read("url = \"http://x\"\nheaders = [\"NoColon\"]\n").errors.size(), 1U);
  EXPECT_EQ(read("url = \"http://x\"\nheaders = [\"A B: c\"]\n").errors.size(), 1U);
  EXPECT_EQ(read("url = \"http://x\"\nbearer_token = \"the token itself\"\n").errors.size(), 1U);
  EXPECT_EQ(read("url = \"http://x\"\nuser = \"a\"\nbearer_token = \"env:B\"\n").errors.size(), 1U);
  EXPECT_EQ(read("url = \"http://x\"\npassword = \"env:B\"\n").errors.size(), 1U);
  EXPECT_EQ(read("url = \"http://x\"\npreset = \"slack\"\ntext = \"{nothing}\"\n").errors.size(),
            1U);
  EXPECT_EQ(read("url = \"http://x\"\npreset = \"slack\"\ngzip = true\n").errors.size(), 1U);
}

TEST(HttpBody, LinesArrayAndKey) {
  HttpSinkOptions options;
  options.name = "hook";
  options.tables = {testing::table_of({testing::make_column("n", ColumnType::kInteger)})};
  Batch batch;
  batch.ranges = {{testing::kSegment, 0, 10, 2}};
  batch.tables.resize(1);
  batch.tables[0].columns.resize(1);
  for (int n = 1; n <= 2; ++n) {
    Cell cell;
    cell.null = false;
    cell.integer = n;
    batch.tables[0].columns[0].push_back(cell);
  }
  batch.tables[0].row_count = 2;
  HttpBody lines(options);
  EXPECT_EQ(*lines.encode(batch), "{\"n\":1}\n{\"n\":2}\n");
  HttpRequest request;
  lines.describe(batch, request);
  const HttpHeaders wanted = {{"Content-Type", "application/x-ndjson"},
                              {"Idempotency-Key", "hook-" + batch.token()}};
  EXPECT_EQ(request.headers, wanted);
  options.is_array = true;
  EXPECT_EQ(*HttpBody(options).encode(batch), "[{\"n\":1},{\"n\":2}]");
}

TEST(HttpBody, SeveralTablesNameThemselves) {
  HttpSinkOptions options;
  options.tables = {testing::table_of({testing::make_column("n", ColumnType::kInteger)}),
                    testing::table_of({testing::make_column("m", ColumnType::kInteger)})};
  options.tables[1].name = "clicks";
  Batch batch;
  batch.tables.resize(2);
  for (RowBlock& rows : batch.tables) {
    rows.columns = {{Cell{}}};
    rows.row_count = 1;
  }
  EXPECT_EQ(*HttpBody(options).encode(batch),
            "{\"_table\":\"requests\",\"n\":null}\n{\"_table\":\"clicks\",\"m\":null}\n");
}

}  // namespace
}  // namespace pixel::shipper
