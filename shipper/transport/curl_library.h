// SPDX-License-Identifier: Apache-2.0
// libcurl, loaded when a client is first made: with the 20 libraries that it needs it took 4 MiB of
// every shipper, whatever its sinks. Its functions are called as ever; see base/late_library.h.
// COLD.
#pragma once

#include <curl/curl.h>

#include "base/late_library.h"

// These stand for themselves, and want three arguments.
#undef curl_easy_getinfo
#undef curl_easy_setopt

namespace pixel::shipper {

/// Loaded by HttpClient. REQUIRES (of all calls): that has succeeded once.
inline constinit base::LateLibrary curl_library("libcurl.so.4");

// A macro, so that each name is said once instead of three times.
#define PIXEL_CURL_FUNCTION(name) \
  inline constinit const base::LateFunction<decltype(::name)> name(curl_library, #name)

PIXEL_CURL_FUNCTION(curl_easy_cleanup);
PIXEL_CURL_FUNCTION(curl_easy_getinfo);
PIXEL_CURL_FUNCTION(curl_easy_init);
PIXEL_CURL_FUNCTION(curl_easy_perform);
PIXEL_CURL_FUNCTION(curl_easy_reset);
PIXEL_CURL_FUNCTION(curl_easy_setopt);
PIXEL_CURL_FUNCTION(curl_easy_strerror);
PIXEL_CURL_FUNCTION(curl_getdate);
PIXEL_CURL_FUNCTION(curl_global_init);
PIXEL_CURL_FUNCTION(curl_slist_append);
PIXEL_CURL_FUNCTION(curl_slist_free_all);

#undef PIXEL_CURL_FUNCTION

}  // namespace pixel::shipper
