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
#include "tests/unit/shipper/transport/raw_server.h"

namespace pixel::shipper::testing {

class StrictStore {
 public:
  explicit StrictStore(std::vector<std::string> arguments = {}) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    arguments.insert(arguments.begin(),
                     {"python3", "tests/integration/strict_s3/server.py", "--bucket", "bucket"});
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execvp("python3", argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    FILE* const said = ::fdopen(ends[0], "r");
    EXPECT_EQ(std::fscanf(said, "listening on %d", &port_), 1);
    std::fclose(said);
  }
  ~StrictStore() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  StrictStore(const StrictStore&) = delete;
  StrictStore& operator=(const StrictStore&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
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
  ScopedVariable access_{"PIXEL_TEST_S3_ACCESS", "AKIATESTTESTTESTTEST"};
  ScopedVariable secret_{"PIXEL_TEST_S3_SECRET", "secret/with+all=kinds"};
  pid_t child_ = -1;
  int port_ = 0;
};

}  // namespace pixel::shipper::testing
