// SPDX-License-Identifier: Apache-2.0
// Builds small spools by hand for the tests of pixel-log: sealed and active segments of real lines,
// manifests, boot ledgers, control pages. Removes the folder at the end.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "logfmt/control_page.h"
#include "logfmt/format.h"
#include "logfmt/line_encode.h"
#include "logfmt/manifest.h"
#include "logfmt/request_id.h"

namespace pixel::logs {

inline constexpr std::array<std::uint8_t, 16> kTestKey{1, 2, 3, 4, 5, 6, 7, 8, 9};
inline constexpr std::uint16_t kNode = 1;
inline constexpr std::uint32_t kBoot = 0x673F3C2A;

class SpoolBuilder {
 public:
  SpoolBuilder() {
    static int number = 0;
    root_ = testing::TempDir() + "pixel_log_" + std::to_string(::getpid()) + "_" +
            std::to_string(number++);
    std::filesystem::create_directories(root_ / "active");
    std::filesystem::create_directories(root_ / "sealed");
  }
  ~SpoolBuilder() { std::filesystem::remove_all(root_); }
  SpoolBuilder(const SpoolBuilder&) = delete;
  SpoolBuilder& operator=(const SpoolBuilder&) = delete;

  const std::filesystem::path& root() const { return root_; }
  const logfmt::RequestIdCipher& cipher() const { return cipher_; }

  static logfmt::SegmentId segment(std::uint32_t index, std::uint16_t worker = 0) {
    return {{logfmt::SegmentKind::kAccess, kNode, kBoot, worker}, index};
  }

  /// One line with its newline; the request's query is "id=<sequence + 100 * worker>".
  std::string line(const logfmt::SegmentId& id, std::uint64_t sequence) const {
    if (id.lane.kind == logfmt::SegmentKind::kEvents) return event(id, sequence);
    const auto when = logfmt::format_date_time(1'795'200'720);
    const std::string query = "x=%41&id=" + std::to_string(sequence + 100 * id.lane.worker);
    logfmt::LineInput input;
    input.when = &when;
    input.edge_location = "FRA1";
    input.client_address = "203.0.113.9";
    input.method = "GET";
    input.uri_stem = "/hpx.gif";
    input.status = 200;
    input.user_agent = "a b";
    input.uri_query = query;
    input.sequence = {id.lane.node, id.lane.worker, id.lane.boot, sequence};
    std::string out(logfmt::encoded_line_bytes_max(input), '\0');
    out.resize(logfmt::encode_line(input, cipher_, out.data()));
    return out + '\n';
  }
  std::string text(const logfmt::SegmentId& id, std::uint64_t first, std::uint64_t count) const {
    const bool is_access = id.lane.kind == logfmt::SegmentKind::kAccess;
    std::string all(is_access ? logfmt::kAccessHeader : "");
    for (std::uint64_t i = 0; i < count; ++i) all += line(id, first + i);
    return all;
  }

  static logfmt::SegmentId events_segment(std::uint32_t index, std::uint16_t worker = 0) {
    return {{logfmt::SegmentKind::kEvents, kNode, kBoot, worker}, index};
  }
  /// One event with its newline: the second record of request `sequence / 2`.
  std::string event(const logfmt::SegmentId& id, std::uint64_t sequence) const {
    std::string request(logfmt::kRequestIdBytes, '\0');
    cipher_.encode({id.lane.node, id.lane.worker, id.lane.boot, sequence / 2}, request.data());
    return "{\"id\":\"" + request + "\",\"n\":" + std::to_string(sequence % 2) +
           ",\"seq\":" + std::to_string(sequence) +
           ",\"time\":\"2026-11-20T18:52:00Z\",\"path\":\"/collect\",\"record\":{\"a\":1}}\n";
  }

  std::filesystem::path sealed_path(const logfmt::SegmentId& id,
                                    logfmt::SealedName::Type type) const {
    return root_ / "sealed" / logfmt::sealed_file_name({"PIXELEDGE", "2026-11-20-18", id, type});
  }
  std::filesystem::path data(const logfmt::SegmentId& id) const {
    return sealed_path(id, logfmt::SealedName::Type::kData);
  }

  /// A sealed segment with its manifest.
  void seal(const logfmt::SegmentId& id, std::uint64_t first, std::uint64_t count) {
    const std::string content = text(id, first, count);
    logfmt::Manifest manifest;
    manifest.segment = id;
    manifest.file = data(id).filename();
    manifest.lines = count;
    manifest.bytes = content.size();
    manifest.first_sequence = count == 0 ? 0 : first;
    manifest.last_sequence = count == 0 ? 0 : first + count - 1;
    manifest.xxh3_128 = base::hash128_hex(content);
    put(data(id), content);
    put(sealed_path(id, logfmt::SealedName::Type::kManifest), to_json(manifest));
  }
  /// An active one: NUL beyond its lines.
  void activate(const logfmt::SegmentId& id, std::uint64_t first, std::uint64_t count) {
    std::string content = text(id, first, count);
    content += line(id, first + count).substr(0, 40);  // Being written.
    content.resize(64 * 1024);
    put(root_ / "active" / logfmt::active_file_name(id), content);
  }
  void leave_ledger(std::uint64_t lines, std::uint64_t answers, bool clean = true,
                    std::uint64_t unlogged = 0, std::uint64_t events = 0,
                    std::uint64_t events_unlogged = 0) {
    logfmt::BootLedger ledger;
    ledger.node = kNode;
    ledger.boot = kBoot;
    ledger.lines = lines;
    ledger.answers = answers;
    ledger.unlogged = unlogged;
    ledger.clean = clean;
    ledger.events = events;
    ledger.events_unlogged = events_unlogged;
    put(root_ / "sealed" / logfmt::boot_ledger_file_name(kNode, kBoot), to_json(ledger));
  }
  logfmt::ControlPage run_edge(std::uint64_t lines, std::uint64_t answers,
                               std::uint64_t events = 0) {
    auto page = logfmt::ControlPage::create(
        root_ / "active" / logfmt::control_file_name(kNode, kBoot), kNode, kBoot, 2, 2);
    EXPECT_TRUE(page.ok());
    page->slot(logfmt::SegmentKind::kEvents, 1).lines = events;
    page->slot(0).lines = lines;
    page->slot(0).answers = answers;
    return std::move(*page);
  }

  static void put(const std::filesystem::path& path, std::string_view bytes) {
    ASSERT_TRUE(base::write_file_atomic(path, bytes).ok());
  }
  static std::string get(const std::filesystem::path& path) {
    return base::read_file(path).value();
  }

 private:
  std::filesystem::path root_;
  logfmt::RequestIdCipher cipher_{kTestKey};
};

}  // namespace pixel::logs
