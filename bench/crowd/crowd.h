// SPDX-License-Identifier: Apache-2.0
// A crowd of client connections that do little: they wait, or dribble a byte now and then. One
// thread; for benchmarks.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::bench {

/// What comes byte by byte.
enum class Dribble : std::uint8_t { kNothing, kHead, kBody };

struct CrowdOptions {
  std::uint16_t port = 0;  // On 127.0.0.1 to 127.0.0.<targets>.
  std::uint32_t targets = 1;
  std::uint32_t sources = 1;       // Connections come from 127.0.1.1, 127.0.1.2, ...
  std::uint32_t first_source = 0;  // ... counted from here: crowds beside each other.
  std::uint32_t connections = 1000;
  bool asks_first = false;  // Each has asked for a pixel before it goes idle.
  Dribble dribble = Dribble::kNothing;
};

class Crowd {
 public:
  explicit Crowd(const CrowdOptions& options);

  /// Opens them all, one after the other. An error names the first that failed.
  base::Status open();
  /// Sends one byte on each of the next `count` connections; whoever was cut comes back.
  void dribble(std::uint32_t count);

  std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }
  std::uint64_t reopened() const noexcept { return reopened_; }
  /// Connections that the server has closed, whatever it said before; looks at every one.
  std::uint32_t count_closed() const;

 private:
  struct Member {
    base::UniqueFd fd;
    std::uint32_t sent_bytes = 0;
  };
  /// errno, or 0.
  int open_one(std::uint32_t number, Member& member) const;
  int connect(std::uint32_t number, Member& member) const;
  static bool ask(int fd);

  CrowdOptions options_;
  std::vector<Member> members_;
  std::uint32_t next_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t reopened_ = 0;
};

}  // namespace pixel::bench
