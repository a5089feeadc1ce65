// SPDX-License-Identifier: Apache-2.0
// COLD: see plan.h.
#include "tools/pixel_load/plan.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/clock.h"
#include "base/file.h"

namespace pixel::load {
namespace {

constexpr std::uint64_t kSpareDescriptors = 64;

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

base::Result<SocketAddress> resolve(const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(host.c_str(), port.empty() ? nullptr : port.c_str(), &hints, &found);
  if (error != 0) return base::Error{fmt::format("{}: {}", host, ::gai_strerror(error))};
  SocketAddress address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.bytes = found->ai_addrlen;
  ::freeaddrinfo(found);
  return address;
}

base::Status raise_descriptor_limit(std::uint64_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted) return base::ok_status();
  return base::Error{fmt::format("--connections needs {} open files, this process may have {}",
                                 wanted, limit.rlim_cur)};
}

base::Status add_template(Target& target, const Options& options, const std::string& authority,
                          std::string_view path) {
  auto parsed = RequestTemplate::parse(request_text(options, authority, path));
  if (!parsed) return parsed.error();
  target.templates.push_back(std::move(*parsed));
  return base::ok_status();
}

// One path per line; empty lines and '#' lines are comments.
base::Status add_template_file(Target& target, const Options& options, const Url& url) {
  auto text = base::read_file(options.template_file);
  if (!text) return text.error();
  std::string_view rest = *text;
  for (unsigned number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    base::Status added = line[0] == '/' ? add_template(target, options, url.authority, line)
                                        : base::Error{"expected a path that begins with '/'"};
    if (!added) {
      return base::Error{
          fmt::format("{}:{}: {}", options.template_file, number, added.error().message)};
    }
  }
  return base::ok_status();
}

base::Status add_targets(Plan& plan) {
  std::map<std::string, std::size_t> index_of;
  for (const std::string& text : plan.options.urls) {
    const auto url = parse_url(text);
    if (!url) return base::Error{fmt::format("'{}' is not http://host[:port]/path", text)};
    const auto [place, is_new] = index_of.try_emplace(url->authority, plan.targets.size());
    if (is_new) {
      auto address = resolve(url->host, url->port, AI_NUMERICSERV);
      if (!address) return address.error();
      plan.targets.push_back({*address, {}});
    }
    Target& target = plan.targets[place->second];
    base::Status added = add_template(target, plan.options, url->authority, url->target);
    if (added.ok() && is_new && plan.targets.size() == 1 && !plan.options.template_file.empty()) {
      added = add_template_file(target, plan.options, *url);
    }
    if (!added) return added.error();
  }
  return base::ok_status();
}

base::Status add_bind_addresses(Plan& plan) {
  for (const std::string& text : plan.options.bind_addresses) {
    auto address = resolve(text, "", AI_NUMERICHOST);
    if (!address) return base::Error{"--bind: " + address.error().message};
    if (address->family() != plan.targets[0].address.family()) {
      return base::Error{"--bind: " + text + " is of another family than the server's address"};
    }
    plan.bind_addresses.push_back(*address);
  }
  return base::ok_status();
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  Url url;
  url.authority = text.substr(0, end);
  url.target = text.substr(end, text.find('#', end) - end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  std::string_view host = url.authority;
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == host.npos;
  url.port = has_port ? host.substr(colon + 1) : "80";
  if (has_port) host = host.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  url.host = host;
  const bool numeric =
      std::all_of(url.port.begin(), url.port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (url.host.empty() || url.port.empty() || !numeric) return std::nullopt;
  return url;
}

std::string request_text(const Options& options, std::string_view authority,
                         std::string_view target) {
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", options.method, target, authority);
  if (options.browser) {
    text +=
        "Connection: keep-alive\r\n"
        "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/131.0.0.0 Safari/537.36\r\n"
        "Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8\r\n"
        "Sec-Fetch-Site: cross-site\r\n"
        "Sec-Fetch-Mode: no-cors\r\n"
        "Sec-Fetch-Dest: image\r\n"
        "Referer: https://shop.example/p/winter-jackets?page=2\r\n"
        "Accept-Encoding: gzip, deflate\r\n"
        "Accept-Language: de-DE,de;q=0.9,en;q=0.8\r\n"
        "Cookie: sid=3f2a9c71b6; consent=1\r\n";
  }
  for (const std::string& header : options.headers) text += header + "\r\n";
  return text + "\r\n";
}

base::Result<Plan> make_plan(const Options& options) {
  Plan plan;
  plan.options = options;
  plan.to_head = options.method == "HEAD";
  if (plan.options.seed == 0) plan.options.seed = base::realtime_ns();
  const unsigned wanted = options.threads != 0 ? options.threads : usable_cores();
  plan.threads = std::min(wanted, options.connections);
  base::Status status = raise_descriptor_limit(options.connections + kSpareDescriptors);
  if (status.ok()) status = add_targets(plan);
  if (status.ok()) status = add_bind_addresses(plan);
  if (!status) return status.error();
  if (!options.ids_file.empty()) {
    auto file = IdFile::open(options.ids_file);
    if (!file) return file.error();
    plan.ids.emplace(std::move(*file));
  }
  return plan;
}

}  // namespace pixel::load
