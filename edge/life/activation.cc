// SPDX-License-Identifier: Apache-2.0
// COLD: see activation.h.
#include "edge/life/activation.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <set>

namespace pixel::edge {
namespace {

constexpr std::string_view kStorePrefix = "edge-";
// More than any limit on open files lets a service have.
constexpr int kDescriptorsMax = 1 << 20;

std::string take_variable(const char* name) {
  const char* const value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

std::optional<int> number_of(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> split;
  while (!names.empty()) {
    const std::size_t colon = names.find(':');
    split.emplace_back(names.substr(0, colon));
    names.remove_prefix(colon == std::string_view::npos ? names.size() : colon + 1);
  }
  return split;
}

}  // namespace

ActivationVariables ActivationVariables::take_from_environment() {
  return {take_variable("LISTEN_PID"), take_variable("LISTEN_FDS"),
          take_variable("LISTEN_FDNAMES")};
}

base::Result<std::vector<InheritedDescriptor>> inherited_descriptors(
    const ActivationVariables& variables, pid_t self, int first_fd) {
  std::vector<InheritedDescriptor> inherited;
  if (variables.pid.empty() || variables.fds.empty()) return inherited;
  const auto pid = number_of(variables.pid);
  const auto count = number_of(variables.fds);
  if (!pid || !count || *count > kDescriptorsMax) {
    return base::Error{fmt::format("LISTEN_PID=\"{}\" LISTEN_FDS=\"{}\": expected two numbers",
                                   variables.pid, variables.fds)};
  }
  if (*pid != self) return inherited;
  // All or none: a descriptor that is not there means that the variables are not meant for us, and
  // the others may be somebody else's.
  for (int fd = first_fd; fd < first_fd + *count; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) {
      return base::Error{fmt::format("LISTEN_FDS={}: descriptor {} is not open", *count, fd)};
    }
  }
  const std::vector<std::string> names = split_names(variables.names);
  for (int i = 0; i < *count; ++i) {
    const auto index = static_cast<std::size_t>(i);
    ::fcntl(first_fd + i, F_SETFD, FD_CLOEXEC);
    inherited.push_back(
        {base::UniqueFd(first_fd + i), index < names.size() ? names[index] : std::string()});
  }
  return inherited;
}

std::string store_name(std::string_view bound) {
  std::string name(kStorePrefix);
  name += bound;
  std::replace(name.begin(), name.end(), ':', '_');
  return name;
}

std::vector<std::string> stale_store_names(const std::vector<std::string>& inherited,
                                           const std::vector<std::string>& bound) {
  std::set<std::string> stale;
  for (const std::string& name : inherited) {
    if (name.starts_with(kStorePrefix)) stale.insert(name);
  }
  for (const std::string& address : bound) stale.erase(store_name(address));
  return {stale.begin(), stale.end()};
}

}  // namespace pixel::edge
