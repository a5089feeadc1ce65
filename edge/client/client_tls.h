// SPDX-License-Identifier: Apache-2.0
// What a trusted peer's headers say about the client's own connection. HOT; pure.
//
// Protocol: the first of these that says "http" or "https" counts.
//   1. the header of the same origin as client.source: Forwarded (proto= of the element that named
//      the client), CloudFront-Forwarded-Proto (cloudfront-viewer-address), CF-Visitor
//      (cf-connecting-ip and true-client-ip)
//   2. X-Forwarded-Proto (of a list the last)   3. CloudFront-Forwarded-Proto
//   4. CF-Visitor                               5. Forwarded (proto= of the last element)
// TLS version and cipher: X-Amzn-Tls-Version and -Cipher-Suite, then CloudFront-Viewer-TLS; the
// other way round for cloudfront-viewer-address. They are dropped where the protocol is "http", and
// mean "https" where none is named.
#pragma once

#include <string_view>

#include "edge/client/client_rules.h"

namespace pixel::edge {

/// Fills has_protocol, https, tls_version and tls_cipher. `named_by`: the element of Forwarded that
/// named the client; empty if none did. REQUIRES: the peer is trusted.
void read_tls_headers(const RequestView& request, ClientSource source, std::string_view named_by,
                      ClientIdentity& client) noexcept;

}  // namespace pixel::edge
