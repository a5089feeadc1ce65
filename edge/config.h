// SPDX-License-Identifier: Apache-2.0
// What an operator may set: one struct, each default beside its field. COLD: read once at start.
// edge/edge.toml documents every key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/units.h"
#include "edge/client/client_options.h"
#include "edge/log/durability.h"
#include "edge/policy/policy_options.h"
#include "edge/routes/route_options.h"

namespace pixel::edge {

/// `server.backend`; kAuto asks choose_backend.
enum class BackendChoice : std::uint8_t { kAuto, kIoUring, kEpoll };
/// `spool.on_full`: what a request gets for whose line there is no place.
enum class OnFull : std::uint8_t { kRefuse, kServeAndCount };

struct EdgeConfig {
  // [server]
  std::vector<std::string> listen{"0.0.0.0:8080"};
  std::uint32_t workers = 0;  // 0: as many as cores this process may use.
  bool pin = true;            // Each worker to a core of its own, if there are enough.
  BackendChoice backend = BackendChoice::kAuto;
  std::uint32_t connections_max = 16'384;  // Per worker.
  std::uint32_t receive_buffers = 512;     // Per worker; of 16 KiB; a power of two.
  std::uint64_t batch_wait_ns = 0;
  std::filesystem::path handover = "/run/pixeledge/edge.sock";  // Empty: none.
  // [admin]
  std::string admin_listen = "127.0.0.1:9180";  // Empty: no admin listener.
  // [node]
  std::uint16_t node_id = 1;
  std::string location = "EDG1";
  std::filesystem::path key_file = "/var/lib/pixeledge/node.key";
  // [log]
  std::string distribution = "PIXELEDGE";
  std::string distribution_host = "pixeledge.local";
  Durability durability = Durability::kProcess;
  // [spool]
  std::filesystem::path spool_path = "/var/spool/pixeledge";
  std::uint64_t segment_bytes = 64 * base::kMiB;
  std::uint64_t segment_age_ns = 60 * base::kSecondNs;
  std::uint32_t standby_segments = 2;
  std::uint64_t events_segment_bytes = 16 * base::kMiB;
  OnFull on_full = OnFull::kRefuse;
  // [limits]
  std::uint64_t request_line_bytes = 16 * base::kKiB;
  std::uint64_t head_bytes = 64 * base::kKiB;
  std::uint32_t header_count = 100;
  std::uint64_t body_bytes = base::kMiB;      // Of any request; routes may want less.
  std::uint32_t bodies_max = 1024;            // Per worker: large bodies being received at a time.
  std::uint32_t connections_per_address = 0;  // Per worker; 0: no limit.
  // [timeouts]
  std::uint64_t header_timeout_ns = 10 * base::kSecondNs;
  std::uint64_t body_timeout_ns = 30 * base::kSecondNs;
  std::uint64_t keep_alive_timeout_ns = 620 * base::kSecondNs;
  std::uint64_t send_timeout_ns = 30 * base::kSecondNs;
  // [drain]
  std::uint64_t drain_delay_ns = 0;
  std::uint64_t drain_patience_ns = 10 * base::kSecondNs;
  // [statsd]
  std::string statsd_address;  // "127.0.0.1:8125"; empty: off.
  std::string statsd_prefix = "pixeledge.edge";
  std::uint64_t statsd_interval_ns = 10 * base::kSecondNs;
  ClientOptions client;  // [client], [proxy_protocol]
  PolicyOptions policy;  // [privacy], [visitor], [bots], [rate_limit]
  HttpOptions http;      // [[route]], [aliases], [cors], [headers]
};

/// A configuration, or every error of its file at once ("edge.toml:12: server.workers: ...").
struct LoadedConfig {
  EdgeConfig config;
  std::vector<std::string> errors;
};
/// The files that settings name are read too; what is wrong with them is among the errors.
LoadedConfig load_config(const std::filesystem::path& path);
/// Reads no file. `name` stands for it in errors.
LoadedConfig load_config_text(std::string_view text, std::string name);

/// The effective settings as TOML that load_config_text reads back to the same.
std::string dump(const EdgeConfig& config);

}  // namespace pixel::edge
