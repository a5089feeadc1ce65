// SPDX-License-Identifier: Apache-2.0
// See secret.h. COLD.
#include "shipper/transport/secret.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/diagnostics.h"
#include "base/file.h"

namespace pixel::shipper {
namespace {

constexpr std::string_view kEnvironment = "env:";
constexpr std::string_view kFile = "file:";
constexpr std::string_view kCredential = "credential:";

bool is_variable_name(std::string_view name) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), is_part);
}

base::Result<std::string> read_secret_file(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & S_IROTH) != 0) {
    spdlog::warn("{} holds a secret and everybody may read it: chmod o-rwx {}", path.string(),
                 path.string());
  }
  auto text = base::read_file(path);
  if (!text) return text.error();
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) return base::Error{path.string() + " is empty: put the secret into it"};
  return text;
}

base::Result<std::string> read_variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    return base::Error{
        fmt::format("the environment has no {}: set it for this service (EnvironmentFile= in its "
                    "unit), or name another place",
                    name)};
  }
  return std::string(value);
}

}  // namespace

bool Secret::is_reference(std::string_view text) noexcept {
  if (text.starts_with(kEnvironment)) return is_variable_name(text.substr(kEnvironment.size()));
  if (text.starts_with(kFile)) return text.substr(kFile.size()).starts_with('/');
  if (!text.starts_with(kCredential)) return false;
  const std::string_view name = text.substr(kCredential.size());
  return !name.empty() && name.find('/') == std::string_view::npos;
}

base::Result<std::string> Secret::read() const {
  if (!is_set()) return std::string();
  const std::string_view text = reference_;
  if (text.starts_with(kEnvironment)) {
    return read_variable(std::string(text.substr(kEnvironment.size())));
  }
  if (text.starts_with(kFile)) return read_secret_file(text.substr(kFile.size()));
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  const std::string name(text.substr(kCredential.size()));
  if (directory == nullptr) {
    return base::Error{
        fmt::format("{}: systemd gave no credentials: put LoadCredential={}:/path/to/it into the "
                    "service's unit",
                    reference_, name)};
  }
  return read_secret_file(std::filesystem::path(directory) / name);
}

void read_secret(base::ConfigSection& section, std::string_view key, Secret& secret) {
  std::string text;
  section.read(key, text);
  if (text.empty()) return;
  if (Secret::is_reference(text)) {
    secret = Secret(std::move(text));
    return;
  }
  section.report(key,
                 "expected where the secret lies, \"env:NAME\", \"file:/path\" or "
                 "\"credential:NAME\" (systemd), and not a secret itself (what is there is not "
                 "shown here)");
}

}  // namespace pixel::shipper
