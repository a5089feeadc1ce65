// SPDX-License-Identifier: Apache-2.0
// See aws_credentials.h: settings, parsing, and the order of sources. COLD.
#include "shipper/transport/aws_credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/units.h"
#include "shipper/transport/url.h"

namespace pixel::shipper {
namespace {

constexpr std::int64_t kRefreshBeforeS = 300;

std::int64_t now_s() { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

base::Result<AwsCredentials> from_config(const AwsCredentialSettings& settings) {
  AwsCredentials credentials;
  auto access_key = settings.access_key.read();
  if (!access_key) return access_key.error();
  auto secret_key = settings.secret_key.read();
  if (!secret_key) return secret_key.error();
  auto session_token = settings.session_token.read();
  if (!session_token) return session_token.error();
  credentials.access_key = std::move(*access_key);
  credentials.secret_key = std::move(*secret_key);
  credentials.session_token = std::move(*session_token);
  credentials.source = settings.access_key.reference();
  return credentials;
}

base::Result<AwsCredentials> fetch(AwsSource source, const AwsCredentialSettings& settings) {
  switch (source) {
    case AwsSource::kEnvironment:
      return aws_from_environment();
    case AwsSource::kFile:
      return aws_from_file(settings.profile);
    case AwsSource::kContainer:
      return aws_from_container();
    case AwsSource::kInstance:
      return aws_from_instance();
    case AwsSource::kAuto:
      break;
  }
  std::string missing;
  for (const AwsSource next :
       {AwsSource::kEnvironment, AwsSource::kFile, AwsSource::kContainer, AwsSource::kInstance}) {
    auto credentials = fetch(next, settings);
    if (credentials) return credentials;
    missing += fmt::format("\n  {}: {}", kAwsSources[static_cast<std::size_t>(next)],
                           credentials.error().message);
  }
  return base::Error{"no AWS credentials were found:" + missing};
}

// "2026-11-20T18:52:00Z".
std::optional<std::int64_t> parse_time(const std::string& text) {
  base::CivilTime time{};
  const int found = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &time.year, &time.month,
                                &time.day, &time.hour, &time.minute, &time.second);
  if (found != 6 || !text.ends_with('Z')) return std::nullopt;
  return base::unix_from_civil(time);
}

}  // namespace

void read_aws_credential_settings(base::ConfigSection& section, AwsCredentialSettings& settings) {
  std::size_t source = 0;
  section.read_choice("credentials", kAwsSources, source);
  settings.source = static_cast<AwsSource>(source);
  section.read("profile", settings.profile);
  read_secret(section, "access_key", settings.access_key);
  read_secret(section, "secret_key", settings.secret_key);
  read_secret(section, "session_token", settings.session_token);
  if (section.has("access_key") != section.has("secret_key")) {
    section.fail(section.has("access_key") ? "access_key" : "secret_key",
                 "access_key and secret_key together");
  }
}

base::Result<AwsCredentials> AwsCredentialProvider::get() {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = now_s();
  const bool is_fresh =
      current_ && (current_->expires_at == 0 || current_->expires_at - kRefreshBeforeS > now);
  if (is_fresh) return *current_;
  auto fetched =
      settings_.access_key.is_set() ? from_config(settings_) : fetch(settings_.source, settings_);
  if (fetched) {
    current_ = *fetched;
    return fetched;
  }
  const bool still_valid = current_ && current_->expires_at > now;
  if (!still_valid) return fetched;
  spdlog::warn("AWS credentials expire in {} s and could not be renewed: {}",
               current_->expires_at - now, fetched.error().message);
  return *current_;
}

void AwsCredentialProvider::forget() {
  const std::lock_guard lock(mutex_);
  current_.reset();
}

base::Result<AwsCredentials> parse_aws_profile(std::string_view text, std::string_view profile) {
  AwsCredentials credentials;
  bool is_inside = false;
  bool was_found = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      is_inside = trim(line.substr(1, line.find(']') - 1)) == profile;
      was_found = was_found || is_inside;
      continue;
    }
    const std::size_t equals = line.find('=');
    if (!is_inside || equals == std::string_view::npos) continue;
    const std::string_view key = trim(line.substr(0, equals));
    const std::string value(trim(line.substr(equals + 1)));
    if (key == "aws_access_key_id") credentials.access_key = value;
    if (key == "aws_secret_access_key") credentials.secret_key = value;
    if (key == "aws_session_token") credentials.session_token = value;
  }
  if (!was_found) return base::Error{fmt::format("has no profile [{}]", profile)};
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return base::Error{
        fmt::format("profile [{}] lacks aws_access_key_id or aws_secret_access_key (roles, "
                    "processes and single sign-on in it are not followed)",
                    profile)};
  }
  return credentials;
}

base::Result<AwsCredentials> parse_aws_json(std::string_view json) {
  const auto document = nlohmann::json::parse(json, nullptr, false);
  if (!document.is_object()) return base::Error{"the answer is no JSON object"};
  const auto text = [&](const char* key) {
    const auto found = document.find(key);
    return found != document.end() && found->is_string() ? found->get<std::string>() : "";
  };
  const std::string code = text("Code");
  if (!code.empty() && code != "Success") return base::Error{"the answer's Code is " + code};
  AwsCredentials credentials;
  credentials.access_key = text("AccessKeyId");
  credentials.secret_key = text("SecretAccessKey");
  credentials.session_token = text("Token");
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return base::Error{"the answer lacks AccessKeyId or SecretAccessKey"};
  }
  const std::string expiration = text("Expiration");
  if (!expiration.empty()) {
    const auto at = parse_time(expiration);
    if (!at) return base::Error{"the answer's Expiration is no time"};
    credentials.expires_at = *at;
  }
  return credentials;
}

bool is_container_url_allowed(std::string_view url) {
  const std::string origin = url_origin(url);
  if (origin.starts_with("https://")) return true;
  for (const std::string_view host :
       {"http://127.", "http://localhost", "http://[::1]", "http://169.254.170.2",
        "http://169.254.170.23", "http://[fd00:ec2::23]"}) {
    const bool is_prefix = host == "http://127.";
    if (!origin.starts_with(host)) continue;
    if (is_prefix || origin.size() == host.size() || origin[host.size()] == ':') return true;
  }
  return false;
}

}  // namespace pixel::shipper
