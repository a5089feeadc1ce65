// SPDX-License-Identifier: Apache-2.0
// The request that benches share: what a browser sends for a pixel, 531 bytes.
#pragma once

#include <string_view>

namespace pixel::edge {

inline constexpr std::string_view kBenchRequest =
    "GET /pixel.gif?a=view&b=1732128720123&c=4f1c2a7e-9d53-4b16&d=https%3A%2F%2Fshop.example%2F "
    "HTTP/1.1\r\n"
    "Host: px.example.com\r\n"
    "Connection: keep-alive\r\n"
    "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36\r\n"
    "Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: cross-site\r\n"
    "Sec-Fetch-Mode: no-cors\r\n"
    "Sec-Fetch-Dest: image\r\n"
    "Referer: https://shop.example/basket\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "\r\n";
static_assert(kBenchRequest.size() == 531);

}  // namespace pixel::edge
