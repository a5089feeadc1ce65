// SPDX-License-Identifier: Apache-2.0
// The one table of settings: every key with its kind, its field and its bounds. Reading and dumping
// both walk it, so that no key can be known to one and not to the other. COLD.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/config_reader.h"
#include "base/units.h"
#include "edge/config.h"
#include "edge/log/keeper.h"

namespace pixel::edge {

inline constexpr std::array<std::string_view, 3> kBackendNames{"auto", "io_uring", "epoll"};
inline constexpr std::array<std::string_view, 2> kOnFullNames{"refuse", "serve-and-count"};
/// Only what this version does. "disk" is refused by name (config.cc).
inline constexpr std::array<std::string_view, 1> kDurabilityNames{"process"};

/// Durability has one value and no field.
enum class Durability : std::uint8_t { kProcess };

/// Calls `visitor` for each section and each key, in the order of the example file. `Config` is
/// EdgeConfig or const EdgeConfig.
template <class Config, class Visitor>
void visit_settings(Config& config, Visitor& visitor) {
  using base::kGiB, base::kKiB, base::kMiB, base::kSecondNs;
  constexpr std::uint64_t kHourNs = 3600 * kSecondNs;

  visitor.section("server");
  visitor.texts("listen", config.listen);
  visitor.integer("workers", config.workers, {0, 1024});
  visitor.flag("pin", config.pin);
  visitor.choice("backend", config.backend, kBackendNames);
  visitor.integer("connections_max", config.connections_max, {16, 1'000'000});
  visitor.integer("receive_buffers", config.receive_buffers, {16, 32'768});
  visitor.duration("batch_wait", config.batch_wait_ns, {0, 10 * base::kMillisecondNs});

  visitor.section("admin");
  visitor.text("listen", config.admin_listen);

  visitor.section("node");
  visitor.integer("id", config.node_id, {0, UINT16_MAX});
  visitor.text("location", config.location);
  visitor.path("key_file", config.key_file);

  visitor.section("log");
  visitor.text("distribution", config.distribution);
  visitor.text("distribution_host", config.distribution_host);
  visitor.flag("cookies", config.cookies);
  Durability durability = Durability::kProcess;
  visitor.choice("durability", durability, kDurabilityNames);

  visitor.section("spool");
  visitor.path("path", config.spool_path);
  visitor.bytes("segment_bytes", config.segment_bytes, {kMiB, kGiB});
  visitor.duration("segment_age", config.segment_age_ns, {kSecondNs, kHourNs});
  visitor.integer("standby", config.standby_segments, {1, kStandbySegmentsMax});
  visitor.choice("on_full", config.on_full, kOnFullNames);

  visitor.section("limits");
  visitor.bytes("request_line", config.request_line_bytes, {256, 64 * kKiB});
  visitor.bytes("headers", config.head_bytes, {512, 64 * kKiB});
  visitor.integer("header_count", config.header_count, {8, 1000});

  visitor.section("timeouts");
  visitor.duration("header", config.header_timeout_ns, {kSecondNs, kHourNs});
  visitor.duration("keep_alive", config.keep_alive_timeout_ns, {kSecondNs, 24 * kHourNs});
  visitor.duration("send", config.send_timeout_ns, {kSecondNs, kHourNs});

  visitor.section("drain");
  visitor.duration("delay", config.drain_delay_ns, {0, kHourNs});
  visitor.duration("patience", config.drain_patience_ns, {0, kHourNs});
}

}  // namespace pixel::edge
