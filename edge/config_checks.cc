// SPDX-License-Identifier: Apache-2.0
// COLD: see config_checks.h. The process itself: listeners, names, folders, limits.
#include "edge/config_checks.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <bit>

#include "base/address.h"
#include "edge/setting_list.h"

namespace pixel::edge {
namespace {

bool all_of(std::string_view text, bool (*allowed)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// CloudFront's: three capitals of an airport and a number.
bool is_location(std::string_view text) {
  if (text.size() < 4 || text.size() > 16) return false;
  return all_of(text.substr(0, 3), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         all_of(text.substr(3), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_metric_prefix(std::string_view text) {
  return text.size() <= 128 && all_of(text, [](char c) {
           return is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
         });
}

void check_listen(const EdgeConfig& config, ConfigFaults& faults) {
  const auto& listen = config.listen;
  if (listen.empty()) {
    faults.expect("server", "listen", "at least one address such as \"0.0.0.0:8080\"");
  }
  for (std::size_t i = 0; i < listen.size(); ++i) {
    if (!is_numeric_address(listen[i])) {
      faults.expect("server", "listen", "an address such as \"0.0.0.0:8080\" or \"[::]:8080\"", i);
    } else if (std::find(listen.begin(), listen.end(), listen[i]) - listen.begin() !=
               static_cast<std::ptrdiff_t>(i)) {
      faults.expect("server", "listen", "an address that is not listed before", i);
    }
  }
}

}  // namespace

void ConfigFaults::expect(std::string section, std::string key, std::string expected,
                          std::size_t element) {
  if (expected.empty()) return;
  faults_.push_back({std::move(section), std::move(key), element, std::move(expected), false});
}

void ConfigFaults::report(std::string section, std::string key, std::string text) {
  faults_.push_back(
      {std::move(section), std::move(key), ConfigFault::kWhole, std::move(text), true});
}

void ConfigFaults::expect_default(const EdgeConfig& config, std::string_view section,
                                  std::string_view key, std::string_view reason) {
  const std::vector<Setting> settings = list_settings(config);
  const std::vector<Setting> defaults = list_settings(EdgeConfig{});
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const Setting& setting = settings[i];
    if (setting.section != section || setting.key != key || setting.value == defaults[i].value) {
      continue;
    }
    report(setting.section, setting.key, fmt::format("has no effect while {}", reason));
  }
}

void ConfigFaults::expect_defaults_but(const EdgeConfig& config, std::string_view section,
                                       std::string_view exempt_key, std::string_view reason) {
  for (const Setting& setting : list_settings(config)) {
    if (setting.section == section && setting.key != exempt_key) {
      expect_default(config, section, setting.key, reason);
    }
  }
}

bool is_numeric_address(const std::string& text) {
  const auto parsed = base::parse_host_port(text);
  if (!parsed) return false;
  in6_addr any{};
  return ::inet_pton(AF_INET, parsed->host.c_str(), &any) == 1 ||
         ::inet_pton(AF_INET6, parsed->host.c_str(), &any) == 1;
}

bool is_host_name(std::string_view text) {
  return text.size() <= 253 &&
         all_of(text, [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; });
}

void check_process(const EdgeConfig& config, ConfigFaults& faults) {
  check_listen(config, faults);
  if (!std::has_single_bit(config.receive_buffers)) {
    faults.expect("server", "receive_buffers", "a power of two");
  }
  const std::string& handover = config.handover.native();
  if (!handover.empty() &&
      (handover.size() >= sizeof(sockaddr_un::sun_path) || !config.handover.is_absolute())) {
    faults.expect("server", "handover", "an absolute path of up to 107 bytes, or \"\" for none");
  }
  if (!config.admin_listen.empty() && !is_numeric_address(config.admin_listen)) {
    faults.expect("admin", "listen", "an address such as \"127.0.0.1:9180\", or \"\" for none");
  }
  if (!is_location(config.location)) {
    faults.expect("node", "location", "three capital letters and a number, such as \"EDG1\"");
  }
  if (config.distribution.size() > 64 || !all_of(config.distribution, is_alphanumeric)) {
    faults.expect("log", "distribution", "1 to 64 letters and digits");
  }
  if (!is_host_name(config.distribution_host)) {
    faults.expect("log", "distribution_host", "a host name");
  }
  if (config.segment_age_ns % base::kSecondNs != 0) {
    faults.expect("spool", "segment_age", "whole seconds");
  }
  if (!config.statsd_address.empty() && !is_numeric_address(config.statsd_address)) {
    faults.expect("statsd", "address", "an address such as \"127.0.0.1:8125\", or \"\" for none");
  }
  if (!is_metric_prefix(config.statsd_prefix)) {
    faults.expect("statsd", "prefix", "letters, digits, \".\", \"_\" and \"-\"");
  }
  if (config.statsd_address.empty()) {
    faults.expect_defaults_but(config, "statsd", "address", "statsd.address is \"\"");
  }
}

void check_limits(const EdgeConfig& config, ConfigFaults& faults) {
  if (config.request_line_bytes > config.head_bytes) {
    if (config.request_line_bytes == EdgeConfig{}.request_line_bytes) {
      faults.expect("limits", "headers", "no less than limits.request_line, which it includes");
    } else {
      faults.expect("limits", "request_line", "no more than limits.headers, which includes it");
    }
  }
  // The line of a record has up to six bytes for each of its own, and its request beside it.
  if (config.events_segment_bytes / 8 < config.body_bytes) {
    const bool is_default = config.events_segment_bytes == EdgeConfig{}.events_segment_bytes;
    if (is_default) {
      faults.expect("limits", "body", "at most an eighth of spool.events_segment_bytes");
    } else {
      faults.expect("spool", "events_segment_bytes", "at least eight times limits.body");
    }
  }
}

std::vector<ConfigFault> check_config(const EdgeConfig& config) {
  ConfigFaults faults;
  for (const auto& check :
       {check_process, check_limits, check_client, check_policy, check_routes}) {
    check(config, faults);
  }
  return faults.take();
}

}  // namespace pixel::edge
