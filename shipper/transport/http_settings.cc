// SPDX-License-Identifier: Apache-2.0
// See http_client.h: the keys of a sink's section. COLD.
#include "base/diagnostics.h"
#include "shipper/transport/http_client.h"

namespace pixel::shipper {

void read_http_settings(base::ConfigSection& section, HttpSettings& settings) {
  constexpr base::Bounds kTimes{base::kMillisecondNs, 24 * 3600 * base::kSecondNs};
  section.read_duration("connect_timeout", settings.connect_timeout_ns, kTimes);
  section.read_duration("timeout", settings.timeout_ns, kTimes);
  section.read_duration("stall_timeout", settings.stall_timeout_ns, kTimes);
  read_patience(section, settings.patience);
  section.read("ca_file", settings.ca_file);
  section.read("client_certificate", settings.client_certificate_file);
  section.read("client_key", settings.client_key_file);
  section.read("verify_tls", settings.verify_tls);
  section.read("proxy", settings.proxy);
  if (!settings.verify_tls) {
    spdlog::warn(
        "verify_tls = false: whoever sits between here and the server can read and change what is "
        "sent; set ca_file instead");
  }
  if (!settings.client_key_file.empty() && settings.client_certificate_file.empty()) {
    section.fail("client_key", "client_certificate beside it");
  }
  const bool has_scheme = settings.proxy.find("://") != std::string::npos;
  if (!settings.proxy.empty() && !has_scheme) {
    section.fail("proxy", "a URL such as \"http://127.0.0.1:3128\"");
  }
}

}  // namespace pixel::shipper
