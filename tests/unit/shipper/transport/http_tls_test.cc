// SPDX-License-Identifier: Apache-2.0
// TLS against OpenSSL's own server, with authorities and certificates made for the test.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "shipper/transport/http_client.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

using ::testing::HasSubstr;

class HttpTlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("openssl version > /dev/null 2>&1") != 0) GTEST_SKIP() << "no openssl";
    make_authority("ca");
    make_authority("other");
    make_certificate("server", "ca", "-addext subjectAltName=IP:127.0.0.1");
    make_certificate("wrong-name", "ca", "-addext subjectAltName=DNS:elsewhere.example");
    make_certificate("client", "ca", "");
  }
  void TearDown() override { stop(); }

  std::string file(const std::string& name) const { return (directory_.path() / name).string(); }
  void shell(const std::string& command) const {
    const std::string quiet =
        fmt::format("cd {} && ({}) > openssl.log 2>&1", directory_.path().string(), command);
    ASSERT_EQ(std::system(quiet.c_str()), 0) << command;
  }
  void make_authority(const std::string& name) const {
    shell(
        fmt::format("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                    "-days 2 -subj /CN={0} -keyout {0}.key -out {0}.pem",
                    name));
  }
  void make_certificate(const std::string& name, const std::string& authority,
                        const std::string& options) const {
    shell(
        fmt::format("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                    "-days 2 -subj /CN={0} -CA {1}.pem -CAkey {1}.key "
                    "-addext basicConstraints=critical,CA:FALSE {2} -keyout {0}.key -out {0}.pem",
                    name, authority, options));
  }
  /// `openssl s_server` on a port of its choice; it answers each GET with a page.
  void serve(const std::string& certificate, std::vector<std::string> options = {}) {
    stop();
    std::vector<std::string> words = {"openssl",
                                      "s_server",
                                      "-accept",
                                      "127.0.0.1:0",
                                      "-www",
                                      "-cert",
                                      file(certificate + ".pem"),
                                      "-key",
                                      file(certificate + ".key")};
    words.insert(words.end(), options.begin(), options.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(ends[1], STDERR_FILENO);
      ::execvp("openssl", argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ::fdopen(ends[0], "r");
    char line[512];
    port_ = 0;
    while (port_ == 0 && std::fgets(line, sizeof(line), output_) != nullptr) {
      (void)std::sscanf(line, "ACCEPT 127.0.0.1:%d", &port_);
    }
    ASSERT_NE(port_, 0);
  }
  void stop() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
      std::fclose(output_);
    }
    child_ = -1;
  }
  std::string ask(const HttpSettings& settings) const {
    HttpClient client(settings);
    HttpRequest request;
    request.url = fmt::format("https://127.0.0.1:{}/", port_);
    const auto response = client.send(request);
    return response ? std::to_string(response->status) : response.error().message;
  }
  HttpSettings trusting(const std::string& authority) const {
    HttpSettings settings;
    settings.ca_file = file(authority + ".pem");
    return settings;
  }

  TemporaryDirectory directory_;
  pid_t child_ = -1;
  FILE* output_ = nullptr;
  int port_ = 0;
};

TEST_F(HttpTlsTest, OnlyAServerOfTheNamedAuthorityAndTheRightNameIsTrusted) {
  serve("server");
  EXPECT_EQ(ask(trusting("ca")), "200");
  EXPECT_THAT(ask(trusting("other")), HasSubstr("certificate"));
  EXPECT_THAT(ask({}), HasSubstr("certificate")) << "no authority of the system made this one";
  HttpSettings careless;
  careless.verify_tls = false;
  EXPECT_EQ(ask(careless), "200");
  serve("wrong-name");
  EXPECT_THAT(ask(trusting("ca")), HasSubstr("127.0.0.1"));
}

TEST_F(HttpTlsTest, AServerThatWantsACertificateGetsOurs) {
  serve("server", {"-Verify", "1", "-verify_return_error", "-CAfile", file("ca.pem")});
  EXPECT_NE(ask(trusting("ca")), "200");
  HttpSettings settings = trusting("ca");
  settings.client_certificate_file = file("client.pem");
  settings.client_key_file = file("client.key");
  EXPECT_EQ(ask(settings), "200");
  // Both in one file.
  shell("cat client.pem client.key > both.pem");
  settings.client_certificate_file = file("both.pem");
  settings.client_key_file.clear();
  EXPECT_EQ(ask(settings), "200");
}

TEST_F(HttpTlsTest, OldVersionsAreRefused) {
  serve("server", {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"});
  EXPECT_NE(ask(trusting("ca")), "200");
  serve("server", {"-tls1_2"});
  EXPECT_EQ(ask(trusting("ca")), "200");
}

TEST_F(HttpTlsTest, MissingFilesAreNamed) {
  serve("server");
  HttpSettings settings = trusting("absent");
  EXPECT_THAT(ask(settings), HasSubstr("absent.pem"));
  settings = trusting("ca");
  settings.client_certificate_file = file("none.pem");
  EXPECT_THAT(ask(settings), HasSubstr("none.pem"));
}

}  // namespace
}  // namespace pixel::shipper
