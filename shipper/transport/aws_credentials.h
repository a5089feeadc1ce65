// SPDX-License-Identifier: Apache-2.0
// AWS credentials: from the configuration, the environment, the shared file, the container or the
// instance's role; fetched again before they expire. COLD; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/config_reader.h"
#include "base/result.h"
#include "shipper/transport/secret.h"

namespace pixel::shipper {

struct AwsCredentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;    // "": none.
  std::int64_t expires_at = 0;  // Unix seconds; 0: never.
  std::string source;           // For operators: "the environment", "profile x in /path".
};

enum class AwsSource : std::uint8_t { kAuto, kEnvironment, kFile, kContainer, kInstance };
/// In their order: the values of the key `credentials`.
inline constexpr std::array<std::string_view, 5> kAwsSources = {"auto", "env", "file", "container",
                                                                "instance"};

struct AwsCredentialSettings {
  AwsSource source = AwsSource::kAuto;
  std::string profile;  // "": $AWS_PROFILE, else "default".
  // Both set: these, and no other source.
  Secret access_key;
  Secret secret_key;
  Secret session_token;
};
/// Reads credentials, profile, access_key, secret_key, session_token.
void read_aws_credential_settings(base::ConfigSection& section, AwsCredentialSettings& settings);

class AwsCredentialProvider {
 public:
  explicit AwsCredentialProvider(AwsCredentialSettings settings) : settings_(std::move(settings)) {}

  /// What is valid now. "auto" asks in the order of AwsSource and takes the first that has any;
  /// the error says what each of them lacks. Fetches again five minutes before the end; where that
  /// fails, the old ones are used as long as they last.
  base::Result<AwsCredentials> get();
  /// The next get() fetches: the server called these expired or unknown.
  void forget();

 private:
  const AwsCredentialSettings settings_;
  std::mutex mutex_;
  std::optional<AwsCredentials> current_;  // Guarded by mutex_.
};

// The sources by themselves. Each error says what is missing.

base::Result<AwsCredentials> aws_from_environment();
/// $AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials.
base::Result<AwsCredentials> aws_from_file(const std::string& profile);
/// ECS and EKS: $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI. Source: AWS SDKs and Tools
/// Reference, Container credential provider.
base::Result<AwsCredentials> aws_from_container();
/// EC2: IMDSv2 at $AWS_EC2_METADATA_SERVICE_ENDPOINT, else at its link-local address. Source:
/// Amazon EC2 User Guide, Retrieve security credentials from instance metadata.
base::Result<AwsCredentials> aws_from_instance();

/// One profile of a shared credentials file. Pure.
base::Result<AwsCredentials> parse_aws_profile(std::string_view text, std::string_view profile);
/// The JSON of container and instance: AccessKeyId, SecretAccessKey, Token, Expiration. Pure.
base::Result<AwsCredentials> parse_aws_json(std::string_view json);
/// Whether credentials may be fetched there: HTTPS, loopback, or the addresses of ECS and EKS.
bool is_container_url_allowed(std::string_view url);

}  // namespace pixel::shipper
