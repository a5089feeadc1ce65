// SPDX-License-Identifier: Apache-2.0
// The one answer of the minimal responders, as often as a receive may ask for it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace pixel::bench {

class ReadyAnswers {
 public:
  ReadyAnswers() {
    std::string one{kHead};
    one.append(reinterpret_cast<const char*>(kGif), sizeof kGif);
    one_bytes_ = one.size();
    for (unsigned i = 0; i < kCountMax; ++i) text_ += one;
  }

  /// The first `count` of them in one piece; of more than kCountMax, as many. Lives as long as
  /// this.
  std::string_view first(unsigned count) const noexcept {
    return std::string_view(text_).substr(0, std::min(count, kCountMax) * one_bytes_);
  }

 private:
  static constexpr unsigned kCountMax = 1024;  // 16 KiB hold no more requests than that.
  static constexpr std::string_view kHead =
      "HTTP/1.1 200 OK\r\nServer: bare\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
      "Content-Type: image/gif\r\nContent-Length: 43\r\n"
      "Cache-Control: no-store, no-cache, must-revalidate\r\n\r\n";
  static constexpr unsigned char kGif[43] = {
      'G', 'I', 'F', '8', '9', 'a',  1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255,  255, 0x21, 0xf9, 4,
      1,   0,   0,   0,   0,   0x2c, 0, 0, 0, 0, 1,    0, 1, 0, 0, 2, 2,   0x44, 1,   0,    0x3b};

  std::string text_;
  std::size_t one_bytes_ = 0;
};

}  // namespace pixel::bench
