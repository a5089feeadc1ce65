// SPDX-License-Identifier: Apache-2.0
// The strict S3 server of tests/integration/strict_s3 as a child of the test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "shipper/transport/http_client.h"
#include "shipper/transport/s3_settings.h"
#include "tests/unit/shipper/support/python_server.h"
#include "tests/unit/shipper/transport/raw_server.h"

namespace pixel::shipper::testing {

class StrictStore {
 public:
  explicit StrictStore(std::vector<std::string> arguments = {})
      : server_(with_script(std::move(arguments))) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  S3Settings settings() const {
    S3Settings settings;
    settings.bucket = "bucket";
    settings.endpoint = url();
    settings.path_style = true;
    settings.part_bytes = kS3PartBytesMin;
    settings.credentials.access_key = Secret("env:PIXEL_TEST_S3_ACCESS");
    settings.credentials.secret_key = Secret("env:PIXEL_TEST_S3_SECRET");
    return settings;
  }
  nlohmann::json control(const std::string& path, const nlohmann::json& body = nullptr) {
    HttpRequest request;
    request.url = url() + "/-/" + path;
    const std::string text = body.dump();
    if (!body.is_null()) {
      request.method = "POST";
      request.body = text;
    }
    HttpClient client({});
    const auto response = client.send(request);
    EXPECT_TRUE(response) << response.error().message;
    return response ? nlohmann::json::parse(response->body) : nlohmann::json();
  }
  void fail(const nlohmann::json& faults) { control("faults", faults); }
  /// How many requests had this method, and "" or a part of key and query.
  int count(const std::string& method, const std::string& part = "") {
    int found = 0;
    for (const auto& entry : control("log")) {
      const std::string place =
          entry["key"].get<std::string>() + "?" + entry["query"].get<std::string>();
      found += entry["method"] == method && place.find(part) != std::string::npos;
    }
    return found;
  }

 private:
  static std::vector<std::string> with_script(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"tests/integration/strict_s3/server.py", "--bucket", "bucket"});
    return arguments;
  }

  ScopedVariable access_{"PIXEL_TEST_S3_ACCESS", "AKIATESTTESTTESTTEST"};
  ScopedVariable secret_{"PIXEL_TEST_S3_SECRET", "secret/with+all=kinds"};
  PythonServer server_;
};

}  // namespace pixel::shipper::testing
