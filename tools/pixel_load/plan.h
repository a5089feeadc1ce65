// SPDX-License-Identifier: Apache-2.0
// Everything a run's threads share, made from the options before they start: addresses, request
// templates, limits. COLD to make; immutable afterwards.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tools/pixel_load/id_file.h"
#include "tools/pixel_load/options.h"
#include "tools/pixel_load/request_template.h"

namespace pixel::load {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
  int family() const noexcept { return storage.ss_family; }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// One server and what it is asked, in turn.
struct Target {
  SocketAddress address;
  std::vector<RequestTemplate> templates;
};

struct Plan {
  Options options;
  unsigned threads = 1;
  bool to_head = false;         // The method is HEAD: no answer has a body.
  std::vector<Target> targets;  // Connection i belongs to target i % size.
  std::vector<SocketAddress> bind_addresses;
  std::optional<IdFile> ids;

  const IdFile* id_file() const noexcept { return ids ? &*ids : nullptr; }
  /// The part of `total` that thread `index` takes.
  std::uint64_t share(std::uint64_t total, unsigned index) const noexcept {
    return total / threads + (index < total % threads ? 1 : 0);
  }
};

struct Url {
  std::string host;  // Without brackets.
  std::string port;
  std::string authority;  // For the Host header.
  std::string target;     // "/path?query"
};
/// Nothing where the text is not http://host[:port][/path][?query].
std::optional<Url> parse_url(std::string_view text);

/// The bytes of a request with its placeholders, ready for RequestTemplate::parse.
std::string request_text(const Options& options, std::string_view authority,
                         std::string_view target);

/// Resolves, parses, opens; an Error says which option is wrong.
base::Result<Plan> make_plan(const Options& options);

}  // namespace pixel::load
