// SPDX-License-Identifier: Apache-2.0
// COLD: see options.h.
#include "tools/pixel_load/options.h"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include "base/units.h"

namespace pixel::load {
namespace {

constexpr std::uint64_t kDefaultDurationNs = 10 * base::kSecondNs;

void add_duration(CLI::App& app, const std::string& name, std::uint64_t& target_ns,
                  const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [&target_ns, name](const std::string& text) {
           const auto ns = base::parse_duration_ns(text);
           if (!ns) throw CLI::ValidationError(name, "'" + text + "' is no duration like 10s, 5m");
           target_ns = *ns;
         },
         help)
      ->type_name("TIME");
}

void add_load_options(CLI::App& app, Options& options) {
  app.add_option("-c,--connections", options.connections, "Connections over all threads")
      ->check(CLI::Range(1u, 4'000'000u))
      ->capture_default_str();
  add_duration(app, "-d,--duration", options.duration_ns, "How long (10s unless -n says less)");
  app.add_option("-n,--requests", options.requests, "How many requests");
  add_duration(app, "--warmup", options.warmup_ns, "Time at the begin that latency and rate omit");
  add_duration(app, "--timeout", options.timeout_ns, "Longest wait for an answer (5s)");
  add_duration(app, "--stop-wait", options.stop_wait_ns,
               "After a signal: longest wait for the answers under way (500ms)");
  app.add_option("--rate", options.rate,
                 "Open loop: requests per second over all connections, each meant for its own "
                 "time; latency counts from there. Without it: closed loop")
      ->check(CLI::Range(0.001, 1e9));
  app.add_option("--pipeline", options.pipeline, "Requests under way per connection")
      ->check(CLI::Range(1u, 1024u))
      ->capture_default_str();
  app.add_flag("--reconnect,!--no-reconnect", options.reconnect,
               "Connect again when refused, reset or closed (default)");
}

void add_machine_options(CLI::App& app, Options& options) {
  app.add_option("--threads", options.threads, "Threads (default: cores it may use)")
      ->check(CLI::Range(1u, 1024u));
  app.add_option("--cpus", options.cpus, "Pin thread i to the i-th of these: 1,2")->delimiter(',');
  app.add_option("--bind", options.bind_addresses, "Source addresses, taken in turn")
      ->delimiter(',');
  app.add_option("--io", options.io, "uring, epoll, or auto: uring where the kernel lets us")
      ->check(CLI::IsMember({"auto", "uring", "epoll"}))
      ->capture_default_str();
}

void add_request_options(CLI::App& app, Options& options) {
  app.add_option("URL", options.urls,
                 "http://host[:port]/path?query with {seq} {rand:N} "
                 "{pick:x|y|z} {uuid} {time_ms}; several are taken in turn")
      ->required();
  app.add_option("--template", options.template_file,
                 "File of more paths with queries, one per line, for the first URL's server");
  app.add_option("-H,--header", options.headers, "\"Name: value\", with placeholders")
      ->expected(1)
      ->take_all();
  app.add_flag("--browser", options.browser, "The headers of a Chrome browser asking for an image");
  app.add_option("--method", options.method, "Method")->capture_default_str();
  app.add_option("--seq-base", options.seq_base, "The first {seq}")->capture_default_str();
  app.add_option("--seed", options.seed, "Of {rand}, {pick} and {uuid}; 0: from the clock");
}

void add_output_options(CLI::App& app, Options& options) {
  app.add_option("--ids", options.ids_file,
                 "Append the {seq} of each request whose 2xx answer arrived in full");
  app.add_flag("--progress", options.progress, "A line per second, also without a terminal");
  app.add_flag("--json", options.json,
               "The result as one JSON object (tools/pixel_load/README.md)");
}

// What single options cannot say.
std::string find_contradiction(const Options& options) {
  if (options.warmup_ns != 0 && options.duration_ns != 0 &&
      options.warmup_ns >= options.duration_ns) {
    return "--warmup: expected less than the duration";
  }
  if (options.timeout_ns == 0) return "--timeout: expected more than 0";
  for (const std::string& header : options.headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0 || header.find('\n') != std::string::npos) {
      return "--header: '" + header + "' is not \"Name: value\"";
    }
  }
  return {};
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv, const char* version) {
  CommandLine line;
  CLI::App app("Drives HTTP requests and tells what came back.", "pixel-load");
  app.set_version_flag("--version", std::string("pixel-load ") + version);
  app.footer("Exit: 0 at least one answer, none malformed; 1 otherwise; 2 wrong usage.");
  add_request_options(app, line.options);
  add_load_options(app, line.options);
  add_machine_options(app, line.options);
  add_output_options(app, line.options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    line.exit_code = app.exit(error) == 0 ? 0 : 2;
    return line;
  }
  if (line.options.duration_ns == 0 && line.options.requests == 0) {
    line.options.duration_ns = kDefaultDurationNs;
  }
  line.options.progress = line.options.progress || ::isatty(STDERR_FILENO) != 0;
  if (const std::string cause = find_contradiction(line.options); !cause.empty()) {
    std::cerr << cause << '\n';
    line.exit_code = 2;
  }
  return line;
}

}  // namespace pixel::load
