// SPDX-License-Identifier: Apache-2.0
// Any text as the header lines of proxies, lines apart by LF. Whatever a client sends in them, the
// address that a trusted proxy appends is the one that counts; addresses are those that the C
// library reads; and nothing leaves the text.
#include <arpa/inet.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "edge/client/client_rules.h"

namespace pixel::edge {
namespace {

constexpr std::string_view kClient = "203.0.113.9";

ClientRules rules_of(ClientSource source, std::uint32_t hops) {
  ClientOptions options;
  options.source = source;
  options.hops = hops;
  if (hops == 0) options.trusted = {"10.0.0.0/8"};
  auto rules = ClientRules::create(options);
  CHECK(rules.ok());
  return std::move(rules).value();
}

ClientIdentity resolve(const ClientRules& rules, const RequestView& request) {
  ClientIdentity client;
  rules.resolve(request, parse_address("10.0.0.1").value(), 5555, client);
  return client;
}

void check_address(std::string_view text) {
  const auto parsed = parse_address(text);
  if (text.find('\0') == std::string_view::npos) {
    const std::string copy(text);
    std::uint8_t v4[4];
    std::uint8_t v6[16];
    if (inet_pton(AF_INET, copy.c_str(), v4) == 1) {
      CHECK(parsed == address_of_v4(v4));
    } else if (inet_pton(AF_INET6, copy.c_str(), v6) == 1) {
      CHECK(parsed == address_of_v6(v6));
    } else {
      CHECK(!parsed);
    }
  }
  parse_address_and_port(text, true);
  const auto with_port = parse_address_and_port(text);
  if (parsed) CHECK(with_port && with_port->address == *parsed && with_port->port == 0);
  if (!with_port) return;
  char out[kAddressTextBytesMax];
  const std::string_view written(out, format_address(with_port->address, out));
  CHECK(parse_address(written) == with_port->address);
}

// What the client sent, then what its proxy appends: to the same line, or as a line of its own.
void check_claim(ClientSource source, const std::vector<std::string>& lines,
                 const std::string& appended) {
  static const ClientRules by_networks[] = {rules_of(ClientSource::kXForwardedFor, 0),
                                            rules_of(ClientSource::kForwarded, 0)};
  static const ClientRules by_hops[] = {rules_of(ClientSource::kXForwardedFor, 1),
                                        rules_of(ClientSource::kForwarded, 1)};
  const std::size_t which = source == ClientSource::kForwarded ? 1 : 0;
  const std::string joined = lines.back() + ", " + appended;
  for (const bool own_line : {false, true}) {
    RequestView request;
    HeaderLines& header = which == 1 ? request.forwarded : request.forwarded_for;
    for (std::size_t i = 0; i + (own_line ? 0 : 1) < lines.size(); ++i) header.add(lines[i]);
    header.add(own_line ? std::string_view(appended) : std::string_view(joined));
    for (const ClientRules* rules : {&by_networks[which], &by_hops[which]}) {
      const ClientIdentity client = resolve(*rules, request);
      CHECK(client.from_header && client.address == parse_address(kClient));
    }
  }
}

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// Every header is the text; every source reads it.
void check_text(std::string_view text) {
  static const std::vector<ClientRules> rules = [] {
    std::vector<ClientRules> all;
    for (int source = 0; source <= static_cast<int>(ClientSource::kViewerAddress); ++source) {
      all.push_back(rules_of(static_cast<ClientSource>(source), 0));
      all.push_back(rules_of(static_cast<ClientSource>(source), 3));
    }
    return all;
  }();
  RequestView request;
  request.forwarded.add(text);
  request.forwarded_for.add(text);
  for (std::size_t i = 0; i < kExtraHeaderCount; ++i) {
    request.extra.set(static_cast<ExtraHeader>(i), text);
  }
  for (const ClientRules& one : rules) {
    const ClientIdentity client = resolve(one, request);
    CHECK(lies_in(client.tls_version, text) && lies_in(client.tls_cipher, text));
    CHECK(client.tls_version.size() <= 63 && client.tls_cipher.size() <= 63);
    CHECK(client.has_protocol || (!client.https && client.tls_version.empty()));
    CHECK(client.https || client.tls_version.empty());
    CHECK(client.from_header || client.port == 5555);
  }
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (;;) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

void check_input(std::string_view text) {
  const std::vector<std::string> lines = lines_of(text);
  for (const std::string& line : lines) {
    check_address(line);
    // An exact copy on the heap: a sanitizer sees the first byte read beyond it.
    const auto copy = std::make_unique<char[]>(line.size());
    line.copy(copy.get(), line.size());
    check_text({copy.get(), line.size()});
  }
  check_claim(ClientSource::kXForwardedFor, lines, std::string(kClient));
  check_claim(ClientSource::kXForwardedFor, lines, std::string(kClient) + ":443");
  check_claim(ClientSource::kForwarded, lines, "for=" + std::string(kClient));
  check_claim(ClientSource::kForwarded, lines,
              "by=\"_a\\\",b\";For=\"" + std::string(kClient) + ":1\";proto=http");
}

}  // namespace
}  // namespace pixel::edge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pixel::edge::check_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
