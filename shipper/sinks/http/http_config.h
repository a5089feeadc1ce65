// SPDX-License-Identifier: Apache-2.0
// Settings of an http sink, and of its Slack preset. COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/units.h"
#include "shipper/decode/row_block.h"
#include "shipper/transport/http_client.h"
#include "shipper/transport/secret.h"

namespace pixel::shipper {

/// Who is asked, and as whom.
struct HttpEndpoint {
  HttpSettings connection;
  std::string url;    // "" where it is a secret.
  Secret url_secret;  // A webhook's URL is its password.
  std::string user;   // Basic authentication where not empty.
  Secret password;
  Secret bearer_token;
  HttpHeaders headers;  // A value that is a reference to a secret stands for it.
};

struct HttpSinkOptions {
  std::string name;
  std::vector<TableSpec> tables;
  HttpEndpoint endpoint;
  bool is_array = false;  // One JSON array instead of JSON lines.
  bool gzip = false;
};

struct SlackOptions {
  std::string name;
  std::vector<TableSpec> tables;
  std::filesystem::path state_directory;
  HttpEndpoint endpoint;
  std::uint64_t interval_ns = 60 * base::kSecondNs;
  std::string count_by = "sc_status";  // A column; "": no counts by value.
  std::string text = "*{sink}*: {rows} rows in {seconds} s ({tables}) {values}";
};

/// What a section of kind "http" is.
struct HttpSection {
  bool is_slack = false;
  HttpSinkOptions http;  // Where it is no preset.
  SlackOptions slack;
};

/// Reads preset and all keys of what it names.
void read_http_sink_config(base::ConfigSection& section, HttpSection& options);

/// The request without its body: URL, headers, credentials as they are now. An error where a secret
/// cannot be read.
base::Result<HttpRequest> prepare_request(const HttpEndpoint& endpoint);

}  // namespace pixel::shipper
