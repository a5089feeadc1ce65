// SPDX-License-Identifier: Apache-2.0
// Parts of URLs: percent-encoding as AWS and RFC 3986 want it. Pure; any thread. COLD.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pixel::shipper {

/// Everything but unreserved characters (RFC 3986, 2.3) as %XX; '/' is kept in a path.
std::string encode_query_text(std::string_view text);
std::string encode_path(std::string_view path);

/// "a=1&b=": sorted by name and encoded, as signatures want it (AWS SigV4, canonical query string).
std::string encode_query(std::vector<std::pair<std::string, std::string>> parameters);

/// "https://host:port" of a URL, without user, path and query: all of it that may be printed.
std::string url_origin(std::string_view url);

}  // namespace pixel::shipper
