// SPDX-License-Identifier: Apache-2.0
// Privacy, visitors, bots and limits by address: [privacy], [visitor], [bots], [rate_limit]. COLD.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/units.h"

namespace pixel::edge {

/// What is done with a request that carries a signal. Values are the config's words in order:
/// "ignore", "flag", "anonymise", "drop".
enum class SignalAction : std::uint8_t {
  kIgnore,
  kFlag,       // Field 29 names the signal.
  kAnonymise,  // As kFlag, and the line says nothing of the person; no cookie is set.
  kDrop,       // The answer as always, and no line.
};

/// `privacy.address`: what fields 5 and 20 say. "full", "mask", "hash", "none".
enum class AddressPrivacy : std::uint8_t {
  kFull,
  kMask,  // "192.0.2.0", "2001:db8:1::": an address still, for whatever parses the log.
  kHash,  // "h" and 22 characters of base64url: no address. A reader that parses field 5 as one (a
          // column of type ip, a geo lookup, goaccess) rejects it or takes it for text.
  kNone,  // Field 5 "0.0.0.0", field 20 empty.
};

/// `visitor.same_site`: "none", "lax", "strict".
enum class SameSite : std::uint8_t { kNone, kLax, kStrict };

struct PolicyOptions {
  // [privacy]
  /// kAnonymise and kDrop also let the visitor's cookie expire; kFlag changes nothing else.
  SignalAction on_opt_out = SignalAction::kIgnore;
  bool dnt = true;               // DNT: 1 and X-Do-Not-Track: 1 are an opt-out.
  bool gpc = true;               // Sec-GPC: 1 is an opt-out.
  std::string opt_out_cookie;    // A cookie of this name, whatever its value, is an opt-out.
  bool anonymous_header = true;  // SP-Anonymous (any value) anonymises this request.
  AddressPrivacy address = AddressPrivacy::kFull;
  std::uint32_t mask_v4_bits = 24;  // Leading bits that stay.
  std::uint32_t mask_v6_bits = 48;
  std::uint64_t hash_rotation_ns = 24 * 3600 * base::kSecondNs;  // A new salt each time.
  /// For kHash: random bytes, drawn once at boot and kept over reloads, never written down. All
  /// zero is refused. Each process has its own: hashes of two nodes, or of two lives of one,
  /// differ.
  std::array<std::uint8_t, 16> hash_secret{};
  bool log_user_agent = true;
  bool log_referer = true;
  bool log_cookies = false;  // log.cookies
  /// Parameters whose values are not logged ("email=-"), neither in the query nor in the Referer's.
  /// Names as they are once decoded; case matters.
  std::vector<std::string> query_deny;
  // [visitor]
  bool visitor = false;
  std::string cookie_name = "pe_visitor";
  std::uint64_t lifetime_ns = 365ULL * 24 * 3600 * base::kSecondNs;
  std::vector<std::string> cookie_domains;  // The first that the Origin's host ends with is set.
  std::string fallback_domain;              // Where none does; empty: no Domain.
  bool secure = true;
  bool http_only = true;
  SameSite same_site = SameSite::kNone;
  std::string readable_cookie_name;   // A second cookie that scripts may read; empty: none.
  std::string id_parameter = "nuid";  // Query parameter that overrides the cookie; empty: none.
  // [bots]
  SignalAction on_bot = SignalAction::kIgnore;       // Never kAnonymise.
  SignalAction on_prefetch = SignalAction::kIgnore;  // Never kAnonymise.
  /// One case-insensitive part of a User-Agent per line, '#' comments; empty: the built-in list.
  std::filesystem::path agents_file;
  // [rate_limit]
  std::uint32_t requests_per_second = 0;  // By address and worker; 0: no limit.
  std::uint32_t burst = 0;                // 0: as many as requests_per_second.
  /// Remembered per worker, 16 bytes each; the one whose bucket is full soonest is forgotten.
  std::uint32_t addresses_max = 65'536;
};

}  // namespace pixel::edge
