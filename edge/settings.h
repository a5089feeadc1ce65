// SPDX-License-Identifier: Apache-2.0
// The one table of settings: every key with its kind, its field, its bounds and when a change of it
// takes effect. Reading, dumping and comparing all walk it, so that no key can be known to one and
// not to the other. [[route]] has a table of its own in settings_route.h. COLD.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/config_reader.h"
#include "base/units.h"
#include "edge/config.h"
#include "edge/log/keeper.h"
#include "edge/routes/route_check.h"

namespace pixel::edge {

/// When a changed value takes effect.
enum class Effect : std::uint8_t { kRestart, kReload };

/// A key; its effect where that is not its section's.
struct SettingKey {
  std::string_view name;
  std::optional<Effect> effect;
  // Implicit: a table reads better without the braces.
  SettingKey(const char* key) : name(key) {}
  SettingKey(const char* key, Effect own) : name(key), effect(own) {}
};

// The words of choices, by their enumerators' values. An empty word cannot be chosen.
inline constexpr std::array<std::string_view, 3> kBackendNames{"auto", "io_uring", "epoll"};
inline constexpr std::array<std::string_view, 2> kOnFullNames{"refuse", "serve-and-count"};
inline constexpr std::array<std::string_view, 7> kClientSourceNames{
    "peer",           "x-forwarded-for",          "forwarded", "x-real-ip", "cf-connecting-ip",
    "true-client-ip", "cloudfront-viewer-address"};
inline constexpr std::array<std::string_view, 4> kSignalActionNames{"ignore", "flag", "anonymise",
                                                                    "drop"};
/// Of a robot there is nothing to anonymise.
inline constexpr std::array<std::string_view, 4> kRobotActionNames{"ignore", "flag", "", "drop"};
inline constexpr std::array<std::string_view, 4> kAddressPrivacyNames{"full", "mask", "hash",
                                                                      "none"};
inline constexpr std::array<std::string_view, 3> kSameSiteNames{"none", "lax", "strict"};
inline constexpr std::array<std::string_view, 2> kDurabilityNames{"process", "disk"};

namespace detail {

inline constexpr std::uint64_t kHourNs = 3600 * base::kSecondNs;
inline constexpr std::uint64_t kDayNs = 24 * kHourNs;

template <class Config, class Visitor>
void visit_process_settings(Config& config, Visitor& visitor) {
  visitor.section("server", Effect::kRestart);
  visitor.texts("listen", config.listen);
  visitor.integer("workers", config.workers, {0, 1024});
  visitor.flag("pin", config.pin);
  visitor.choice("backend", config.backend, kBackendNames);
  visitor.integer("connections_max", config.connections_max, {16, 1'000'000});
  visitor.integer("receive_buffers", config.receive_buffers, {16, 32'768});
  visitor.duration("batch_wait", config.batch_wait_ns, {0, 10 * base::kMillisecondNs});
  visitor.optional_path("handover", config.handover);

  visitor.section("admin", Effect::kRestart);
  visitor.text("listen", config.admin_listen);

  visitor.section("node", Effect::kRestart);
  visitor.integer("id", config.node_id, {0, UINT16_MAX});
  visitor.text("location", config.location);
  visitor.path("key_file", config.key_file);
}

template <class Config, class Visitor>
void visit_log_settings(Config& config, Visitor& visitor) {
  using base::kGiB, base::kMiB, base::kSecondNs;
  visitor.section("log", Effect::kRestart);
  visitor.text("distribution", config.distribution);
  visitor.text("distribution_host", config.distribution_host);
  visitor.flag({"cookies", Effect::kReload}, config.policy.log_cookies);
  visitor.choice("durability", config.durability, kDurabilityNames);

  visitor.section("spool", Effect::kRestart);
  visitor.path("path", config.spool_path);
  visitor.bytes("segment_bytes", config.segment_bytes, {kMiB, kGiB});
  visitor.duration("segment_age", config.segment_age_ns, {kSecondNs, kHourNs});
  visitor.integer("standby", config.standby_segments, {1, kStandbySegmentsMax});
  visitor.bytes("events_segment_bytes", config.events_segment_bytes, {kMiB, kGiB});
  visitor.choice({"on_full", Effect::kReload}, config.on_full, kOnFullNames);
}

template <class Config, class Visitor>
void visit_limit_settings(Config& config, Visitor& visitor) {
  using base::kKiB, base::kMiB, base::kSecondNs;
  // Workers have taken their memory by them.
  visitor.section("limits", Effect::kRestart);
  visitor.bytes("request_line", config.request_line_bytes, {256, 64 * kKiB});
  visitor.bytes("headers", config.head_bytes, {512, 64 * kKiB});
  visitor.integer("header_count", config.header_count, {8, 1000});
  visitor.bytes("body", config.body_bytes, {kKiB, 16 * kMiB});
  visitor.integer("bodies_max", config.bodies_max, {1, 65'536});
  visitor.integer("connections_per_address", config.connections_per_address, {0, 1'000'000});

  visitor.section("timeouts", Effect::kReload);
  visitor.duration("header", config.header_timeout_ns, {kSecondNs, kHourNs});
  visitor.duration("body", config.body_timeout_ns, {kSecondNs, kHourNs});
  visitor.duration("keep_alive", config.keep_alive_timeout_ns, {kSecondNs, kDayNs});
  visitor.duration("send", config.send_timeout_ns, {kSecondNs, kHourNs});

  visitor.section("drain", Effect::kReload);
  visitor.duration("delay", config.drain_delay_ns, {0, kHourNs});
  visitor.duration("patience", config.drain_patience_ns, {0, kHourNs});
}

template <class Options, class Visitor>
void visit_client_settings(Options& client, Visitor& visitor) {
  visitor.section("client", Effect::kReload);
  visitor.choice("source", client.source, kClientSourceNames);
  visitor.texts("trusted", client.trusted);
  visitor.integer("hops", client.hops, {0, 64});
  visitor.flag("tls_headers", client.tls_headers);

  visitor.section("proxy_protocol", Effect::kReload);
  visitor.texts({"listen", Effect::kRestart}, client.proxy_listen);
  visitor.texts("from", client.proxy_from);
}

template <class Options, class Visitor>
void visit_policy_settings(Options& policy, Visitor& visitor) {
  visitor.section("privacy", Effect::kReload);
  visitor.choice("on_opt_out", policy.on_opt_out, kSignalActionNames);
  visitor.flag("dnt", policy.dnt);
  visitor.flag("gpc", policy.gpc);
  visitor.text("opt_out_cookie", policy.opt_out_cookie);
  visitor.flag("anonymous_header", policy.anonymous_header);
  visitor.choice("address", policy.address, kAddressPrivacyNames);
  visitor.integer("mask_v4", policy.mask_v4_bits, {0, 32});
  visitor.integer("mask_v6", policy.mask_v6_bits, {0, 128});
  visitor.duration("hash_rotation", policy.hash_rotation_ns, {60 * base::kSecondNs, 400 * kDayNs});
  visitor.flag("user_agent", policy.log_user_agent);
  visitor.flag("referer", policy.log_referer);
  visitor.texts("query_deny", policy.query_deny);

  visitor.section("visitor", Effect::kReload);
  visitor.flag("enabled", policy.visitor);
  visitor.text("cookie", policy.cookie_name);
  visitor.duration("lifetime", policy.lifetime_ns, {base::kSecondNs, 800 * kDayNs});
  visitor.texts("domains", policy.cookie_domains);
  visitor.text("fallback_domain", policy.fallback_domain);
  visitor.flag("secure", policy.secure);
  visitor.flag("http_only", policy.http_only);
  visitor.choice("same_site", policy.same_site, kSameSiteNames);
  visitor.text("readable_cookie", policy.readable_cookie_name);
  visitor.text("id_parameter", policy.id_parameter);

  visitor.section("bots", Effect::kReload);
  visitor.choice("on_bot", policy.on_bot, kRobotActionNames);
  visitor.choice("on_prefetch", policy.on_prefetch, kRobotActionNames);
  visitor.optional_path("agents_file", policy.agents_file);

  visitor.section("rate_limit", Effect::kReload);
  visitor.integer("requests_per_second", policy.requests_per_second, {0, 1'000'000});
  visitor.integer("burst", policy.burst, {0, 1'000'000});
  visitor.integer("addresses_max", policy.addresses_max, {1024, 16'777'216});
}

template <class Options, class Visitor>
void visit_http_settings(Options& http, Visitor& visitor) {
  visitor.section("aliases", Effect::kReload);
  visitor.flag("pixels", http.alias_pixels);
  visitor.flag("snowplow", http.alias_snowplow);
  visitor.flag("segment", http.alias_segment);
  visitor.flag("health", http.alias_health);
  visitor.flag("tracker", http.alias_tracker);
  visitor.flag("robots", http.alias_robots);
  visitor.flag("crossdomain", http.alias_crossdomain);

  visitor.section("cors", Effect::kReload);
  visitor.word("mode", http.cors, kCorsNames);
  visitor.texts("origins", http.cors_origins);
  visitor.duration("max_age", http.cors_max_age_ns, {0, kDayNs});

  visitor.section("headers", Effect::kReload);
  visitor.texts("lines", http.headers);
  visitor.duration("hsts", http.hsts_max_age_ns, {0, 800 * kDayNs});
}

}  // namespace detail

/// Calls `visitor` for each section and each key, in the order of the example file. `Config` is
/// EdgeConfig or const EdgeConfig.
template <class Config, class Visitor>
void visit_settings(Config& config, Visitor& visitor) {
  detail::visit_process_settings(config, visitor);
  detail::visit_log_settings(config, visitor);
  detail::visit_limit_settings(config, visitor);
  detail::visit_client_settings(config.client, visitor);
  detail::visit_policy_settings(config.policy, visitor);
  detail::visit_http_settings(config.http, visitor);
  visitor.section("statsd", Effect::kReload);
  visitor.text("address", config.statsd_address);
  visitor.text("prefix", config.statsd_prefix);
  visitor.duration("interval", config.statsd_interval_ns, {base::kSecondNs, detail::kHourNs});
}

}  // namespace pixel::edge
