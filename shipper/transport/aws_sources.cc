// SPDX-License-Identifier: Apache-2.0
// See aws_credentials.h: the environment, the shared file, the container, the instance. COLD.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "shipper/transport/aws_credentials.h"
#include "shipper/transport/http_client.h"
#include "shipper/transport/url.h"

namespace pixel::shipper {
namespace {

constexpr std::string_view kEcs = "http://169.254.170.2";
constexpr std::string_view kImds = "http://169.254.169.254";
// Both answer from the same machine; where there is none, "auto" should not wait for long.
constexpr std::uint64_t kMetadataTimeoutNs = 2 * base::kSecondNs;

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

HttpSettings metadata_settings() {
  HttpSettings settings;
  settings.connect_timeout_ns = base::kSecondNs;
  settings.timeout_ns = kMetadataTimeoutNs;
  return settings;
}

base::Result<std::string> ask(HttpClient& client, const HttpRequest& request) {
  auto response = client.send(request);
  if (!response) return response.error();
  if (response->status != 200) {
    return base::Error{fmt::format("{} {} answered {}", request.method, url_origin(request.url),
                                   response->status)};
  }
  return std::move(response->body);
}

base::Result<std::string> container_token() {
  const std::string file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (file.empty()) return variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  auto token = base::read_file(file);
  while (token && !token->empty() && token->back() == '\n') token->pop_back();
  return token;
}

}  // namespace

base::Result<AwsCredentials> aws_from_environment() {
  AwsCredentials credentials{variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                             variable("AWS_SESSION_TOKEN"), 0, "the environment"};
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return base::Error{"AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set"};
  }
  return credentials;
}

base::Result<AwsCredentials> aws_from_file(const std::string& wanted) {
  std::filesystem::path path = variable("AWS_SHARED_CREDENTIALS_FILE");
  if (path.empty()) path = std::filesystem::path(variable("HOME")) / ".aws" / "credentials";
  std::string profile = wanted.empty() ? variable("AWS_PROFILE") : wanted;
  if (profile.empty()) profile = "default";
  const auto text = base::read_file(path);
  if (!text) return text.error();
  auto credentials = parse_aws_profile(*text, profile);
  if (!credentials) return base::Error{path.string() + " " + credentials.error().message};
  credentials->source = fmt::format("profile {} in {}", profile, path.string());
  return credentials;
}

base::Result<AwsCredentials> aws_from_container() {
  const std::string relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  std::string url = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative.empty()) url = std::string(kEcs) + relative;
  if (url.empty()) {
    return base::Error{
        "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is "
        "set"};
  }
  if (!is_container_url_allowed(url)) {
    return base::Error{url_origin(url) + " is neither HTTPS nor an address of this machine"};
  }
  HttpRequest request;
  request.url = url;
  const auto token = container_token();
  if (!token) return token.error();
  if (!token->empty()) request.headers.emplace_back("Authorization", *token);
  HttpClient client(metadata_settings());
  const auto answer = ask(client, request);
  if (!answer) return answer.error();
  auto credentials = parse_aws_json(*answer);
  if (credentials) credentials->source = "the container's role at " + url_origin(url);
  return credentials;
}

base::Result<AwsCredentials> aws_from_instance() {
  if (variable("AWS_EC2_METADATA_DISABLED") == "true") {
    return base::Error{"AWS_EC2_METADATA_DISABLED is true"};
  }
  std::string endpoint = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (endpoint.empty()) endpoint = kImds;
  while (endpoint.back() == '/') endpoint.pop_back();
  HttpClient client(metadata_settings());
  HttpRequest request;
  request.method = "PUT";
  request.url = endpoint + "/latest/api/token";
  request.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
  const auto token = ask(client, request);
  if (!token) return token.error();
  request.method = "GET";
  request.headers = {{"X-aws-ec2-metadata-token", *token}};
  const std::string roles = endpoint + "/latest/meta-data/iam/security-credentials/";
  request.url = roles;
  const auto role = ask(client, request);
  if (!role) return base::Error{role.error().message + ": has this instance a role?"};
  const std::string name = role->substr(0, role->find_first_of("\r\n"));
  request.url = roles + encode_path(name);
  const auto answer = ask(client, request);
  if (!answer) return answer.error();
  auto credentials = parse_aws_json(*answer);
  if (credentials) credentials->source = "the instance's role " + name;
  return credentials;
}

}  // namespace pixel::shipper
