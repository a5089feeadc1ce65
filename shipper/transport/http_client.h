// SPDX-License-Identifier: Apache-2.0
// HTTP requests over libcurl, for every sink that speaks HTTP: TLS, time-outs, keep-alive, SigV4.
// One client per thread; blocks. Never prints a secret, and no error contains one. COLD.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/config_reader.h"
#include "base/result.h"
#include "base/units.h"
#include "shipper/transport/patience.h"

namespace pixel::shipper {

/// How to connect. Keys of a sink's section, read by read_http_settings.
struct HttpSettings {
  std::uint64_t connect_timeout_ns = 10 * base::kSecondNs;
  std::uint64_t timeout_ns = 60 * base::kSecondNs;        // Of a whole request.
  std::uint64_t stall_timeout_ns = 60 * base::kSecondNs;  // Without a single byte either way.
  /// Of requests that may be repeated: given up earlier. Shared by the clients of a server.
  std::shared_ptr<Patience> patience = std::make_shared<Patience>();
  std::string ca_file;                  // PEM; "": the system's.
  std::string client_certificate_file;  // PEM, for mutual TLS; "": none.
  std::string client_key_file;          // PEM; "": in the certificate's file.
  bool verify_tls = true;               // false: a loud warning at start.
  std::string proxy;                    // "": none, whatever the environment says.
  /// Once it is true, requests end with an error within about a second. Null: never.
  std::shared_ptr<const std::atomic<bool>> stop;
};
/// Reads connect_timeout, timeout, stall_timeout, patience, ca_file, client_certificate,
/// client_key, verify_tls, proxy.
void read_http_settings(base::ConfigSection& section, HttpSettings& settings);

/// What AWS Signature Version 4 needs. Source: AWS General Reference, Signing AWS API requests.
struct AwsSigning {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // "": none.
  std::string region;
  std::string service;  // "s3", ...
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  /// Encoded. Where it is signed: parameters sorted by name, each with its "=".
  std::string url;
  /// REQUIRES: no control characters. Where they are signed: no empty value, and no name that
  /// begins with another one's name and '-' (libcurl 7.88 signs those wrongly).
  HttpHeaders headers;
  std::string_view body;                // Lent for the call.
  const AwsSigning* signing = nullptr;  // Signed where not null, the body included; lent.
  std::string body_sha256;              // For that; "": not known yet.
  std::string user;                     // Basic authentication where not empty.
  std::string password;
  std::string bearer_token;                   // "Authorization: Bearer" where not empty.
  std::uint64_t body_bytes_max = base::kMiB;  // Of the response; more is read and dropped.
  bool follow_redirects = false;              // At most 5, never with credentials elsewhere.
  std::uint64_t timeout_ns = 0;               // 0: the client's.
  /// Not empty: it will be sent again under this name until an answer comes, with the same effect
  /// as once, and is given up early where nothing moves. See Patience.
  std::string repeats_as;
};

struct HttpResponse {
  long status = 0;
  std::string body;     // At most body_bytes_max.
  bool is_cut = false;  // The body was longer.
  HttpHeaders headers;  // Names in lower case.

  /// The first of that name, "" where absent. `name` in lower case.
  std::string_view header(std::string_view name) const;
};

class HttpClient {
 public:
  explicit HttpClient(HttpSettings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// An error where no complete response came (unreachable, timed out, reset, TLS): whether the
  /// request had an effect is then not known. A request on a kept connection that the server had
  /// closed is sent again on a new one.
  base::Result<HttpResponse> send(const HttpRequest& request);

 private:
  struct Handle;
  HttpSettings settings_;
  std::unique_ptr<Handle> handle_;
};

/// The pause a response asks for by Retry-After (seconds, or an HTTP date against `now_s`), in
/// nanoseconds; 0 where it asks for none. At most an hour. Source: RFC 9110, 10.2.3.
std::uint64_t retry_after_ns(const HttpResponse& response, std::int64_t now_s);

}  // namespace pixel::shipper
