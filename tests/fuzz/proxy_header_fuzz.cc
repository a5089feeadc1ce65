// SPDX-License-Identifier: Apache-2.0
// Any bytes at the start of a connection. An answer holds for every longer input and says the same,
// shorter inputs are incomplete, and views stay inside the header.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "base/assert.h"
#include "edge/client/proxy_header.h"

namespace pixel::edge {
namespace {

struct Parsed {
  ProxyResult result;
  ProxyHeader header;
};

Parsed parse(std::string_view bytes) {
  Parsed parsed;
  parsed.result = parse_proxy_header(bytes, parsed.header);
  return parsed;
}

void check_same(const Parsed& a, const Parsed& b) {
  CHECK(a.result.status == b.result.status && a.result.fault == b.result.fault);
  CHECK(a.header.header_bytes == b.header.header_bytes);
  CHECK(a.header.has_address == b.header.has_address && a.header.source == b.header.source);
  CHECK(a.header.source_port == b.header.source_port && a.header.tls == b.header.tls);
  CHECK(a.header.tls_version == b.header.tls_version);
  CHECK(a.header.tls_cipher == b.header.tls_cipher);
  CHECK(a.header.authority == b.header.authority && a.header.unique_id == b.header.unique_id);
}

void check_header(const Parsed& parsed, std::string_view bytes) {
  const ProxyHeader& header = parsed.header;
  CHECK(header.header_bytes <= bytes.size() && header.header_bytes <= kProxyHeaderBytesMax);
  const bool refused = parsed.result.status == ProxyStatus::kRefused;
  CHECK(refused == (parsed.result.fault != ProxyFault::kNone));
  if (parsed.result.status != ProxyStatus::kComplete)
    return check_same(parsed, {parsed.result, {}});
  CHECK(header.header_bytes >= 15);
  CHECK(header.unique_id.size() <= 128);
  CHECK(header.tls || (header.tls_version.empty() && header.tls_cipher.empty()));
  for (const std::string_view view :
       {header.tls_version, header.tls_cipher, header.authority, header.unique_id}) {
    if (view.empty()) continue;
    CHECK(view.data() >= bytes.data());
    CHECK(view.data() + view.size() <= bytes.data() + header.header_bytes);
  }
}

// An exact copy on the heap: a sanitizer sees the first byte read beyond it.
Parsed parse_copy(std::string_view bytes, std::unique_ptr<char[]>& copy) {
  copy = std::make_unique<char[]>(bytes.size());
  bytes.copy(copy.get(), bytes.size());
  return parse({copy.get(), bytes.size()});
}

void check_bytes(std::string_view bytes) {
  const Parsed whole = parse(bytes);
  check_header(whole, bytes);
  bool answered = false;
  const std::size_t cuts = bytes.size() < 5000 ? bytes.size() : 5000;
  for (std::size_t cut = 0; cut <= cuts; ++cut) {
    std::unique_ptr<char[]> copy;
    const Parsed parsed = parse_copy(bytes.substr(0, cut), copy);
    answered |= parsed.result.status != ProxyStatus::kIncomplete;
    check_same(parsed, answered ? whole : Parsed{});
    // Each length is parsed again: enough of long inputs.
    if (answered && cut > 600) break;
  }
  CHECK(answered == (whole.result.status != ProxyStatus::kIncomplete));
}

}  // namespace
}  // namespace pixel::edge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pixel::edge::check_bytes({reinterpret_cast<const char*>(data), size});
  return 0;
}
