// SPDX-License-Identifier: Apache-2.0
// COLD: see commands.h.
#include "tools/pixel_log/commands.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/file.h"
#include "tools/pixel_log/audit.h"
#include "tools/pixel_log/cat.h"
#include "tools/pixel_log/node_key.h"
#include "tools/pixel_log/verify.h"

namespace pixel::logs {
namespace {

constexpr std::chrono::milliseconds kFollowInterval(100);

int fail(const std::string& message) {
  fmt::print(stderr, "pixel-log: {}\n", message);
  return 2;
}

// Nothing without a key file.
base::Result<std::optional<logfmt::RequestIdCipher>> optional_cipher(const std::string& path) {
  std::optional<logfmt::RequestIdCipher> cipher;
  if (path.empty()) return cipher;
  auto loaded = load_cipher(path);
  if (!loaded) return loaded.error();
  cipher = *loaded;
  return cipher;
}

base::Result<std::vector<std::uint64_t>> read_ids(const std::string& path) {
  const auto text = base::read_file(path);
  if (!text) return text.error();
  std::vector<std::uint64_t> ids;
  const char* at = text->data();
  const char* const end = at + text->size();
  while (at != end) {
    std::uint64_t id = 0;
    const auto [next, error] = std::from_chars(at, end, id);
    if (error != std::errc() || next == end || *next != '\n') {
      return base::Error{fmt::format("{}:{}: expected one number", path, ids.size() + 1)};
    }
    ids.push_back(id);
    at = next + 1;
  }
  return ids;
}

base::Result<std::vector<SinkHoldings>> read_sinks(const AuditOptions& options) {
  if (options.shipper_config.empty() && options.holdings_file.empty()) {
    return std::vector<SinkHoldings>{};
  }
  const auto json = options.holdings_file.empty() ? ask_shipper(options.shipper_config)
                                                  : base::read_file(options.holdings_file);
  if (!json) return json.error();
  return parse_holdings(*json);
}

base::Result<AuditInput> read_audit_input(const AuditOptions& options) {
  AuditInput input;
  input.spool = options.spool;
  input.drained = options.drained;
  input.client_parameter = options.parameter;
  if (options.answered >= 0) input.client_answered = static_cast<std::uint64_t>(options.answered);
  auto cipher = optional_cipher(options.key_file);
  if (!cipher) return cipher.error();
  input.cipher = *cipher;
  if (!options.ids_file.empty()) {
    auto ids = read_ids(options.ids_file);
    if (!ids) return ids.error();
    input.client_ids = std::move(*ids);
  }
  // Before the lines: what a sink holds then is in the log now.
  auto sinks = read_sinks(options);
  if (!sinks) return sinks.error();
  input.sinks = std::move(*sinks);
  return input;
}

CatFormat format_of(const CatOptions& options) {
  if (options.ids) return CatFormat::kIds;
  if (options.json) return CatFormat::kJson;
  return options.fields == 33 ? CatFormat::kLines : CatFormat::kOldLines;
}

// Who wants 26 fields wants no events among them.
CatKind kind_of(const CatOptions& options) {
  if (options.kind == "events") return CatKind::kEvents;
  return options.kind == "access" || options.fields != 33 ? CatKind::kAccess : CatKind::kBoth;
}

}  // namespace

int run_cat(const CatOptions& options) {
  if (options.ids && options.key_file.empty())
    return fail("--ids needs the node's key: --key FILE");
  const auto cipher = optional_cipher(options.key_file);
  if (!cipher) return fail(cipher.error().message);
  Cat cat(
      format_of(options), cipher.value() ? &*cipher.value() : nullptr,
      [](std::string_view text) {
        return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
      },
      kind_of(options));
  const std::vector<std::filesystem::path> paths(options.paths.begin(), options.paths.end());
  for (;;) {
    if (const base::Status printed = cat.print_new(paths); !printed) {
      return fail(printed.error().message);
    }
    std::fflush(stdout);
    if (!options.follow || cat.reader_is_gone()) break;
    std::this_thread::sleep_for(kFollowInterval);
  }
  for (const auto& path : cat.no_logs()) {
    fmt::print(stderr, "pixel-log: {}: no line of it is one of a log\n", path.string());
  }
  return cat.no_logs().empty() ? 0 : 1;
}

int run_verify(const VerifyOptions& options) {
  const auto cipher = optional_cipher(options.key_file);
  if (!cipher) return fail(cipher.error().message);
  SpoolView view;
  for (const std::string& path : options.paths) {
    if (const base::Status added = add_path(path, view); !added) return fail(added.error().message);
  }
  // A file named alone is compared with the manifest beside it.
  for (const std::string& path : options.paths) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) continue;
    add_manifest_beside(path, view);
  }
  if (view.segments.empty() || !view.other_logs.empty()) {
    const std::string where =
        view.segments.empty() ? options.paths.front() : view.other_logs.front().string();
    return fail(where + ": not a segment, and no folder of segments: nothing to verify it against");
  }
  const VerifyResult result = verify_segments(view, cipher.value() ? &*cipher.value() : nullptr);
  for (const Defect& defect : result.defects) {
    fmt::print("{}: {}: {}\n", defect_kind_name(defect.kind), defect.where, defect.what);
  }
  fmt::print("segments={} lines={} bytes={} without_data={} defects={}\n", result.segments,
             result.lines, result.bytes, result.without_data, result.defects.size());
  return result.defects.empty() ? 0 : 1;
}

int run_audit(const AuditOptions& options) {
  const auto input = read_audit_input(options);
  if (!input) return fail(input.error().message);
  const auto result = audit(*input);
  if (!result) return fail(result.error().message);
  fmt::print("{}", options.json ? to_json(*result) : to_table(*result));
  return result->balanced() ? 0 : 1;
}

}  // namespace pixel::logs
