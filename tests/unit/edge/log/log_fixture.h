// SPDX-License-Identifier: Apache-2.0
// A spool in a temporary folder, a lane as a worker sees it, real encoded lines, and what lies in
// sealed/ afterwards.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "edge/log/keeper.h"
#include "edge/log/segment_writer.h"
#include "logfmt/format.h"
#include "logfmt/line_encode.h"
#include "logfmt/manifest.h"

namespace pixel::edge {

inline constexpr std::uint16_t kNode = 7;
inline constexpr std::uint32_t kBoot = 0x1234;
inline constexpr std::int64_t kNoon = 1'795'176'000;  // 2026-11-20T12:00:00Z
inline constexpr std::uint64_t kMiB = 1024 * 1024;

inline const logfmt::RequestIdCipher& cipher() {
  static const logfmt::RequestIdCipher made({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  return made;
}

/// A folder that is gone when the test is; in memory where nothing of a real disk is asked for.
class TempFolder {
 public:
  explicit TempFolder(std::filesystem::path parent = "/dev/shm") {
    if (::access(parent.c_str(), W_OK) != 0) parent = std::filesystem::temp_directory_path();
    std::string pattern = (parent / "pixel_log_XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// One line as a worker writes it, without newline. `padding` lengthens the query.
inline std::string make_line(const logfmt::LaneId& lane, std::uint64_t sequence,
                             std::int64_t unix_seconds, std::size_t padding = 100) {
  const logfmt::DateTimeText when = logfmt::format_date_time(unix_seconds);
  const std::string query = "n=" + std::to_string(sequence) + "&p=" + std::string(padding, 'x');
  logfmt::LineInput input;
  input.when = &when;
  input.edge_location = "EDG1";
  input.client_address = "192.0.2.1";
  input.method = "GET";
  input.uri_stem = "/1x1.gif";
  input.status = 200;
  input.uri_query = query;
  input.sequence = {lane.node, lane.worker, lane.boot, sequence};
  std::string line(logfmt::encoded_line_bytes_max(input), '\0');
  line.resize(logfmt::encode_line(input, cipher(), line.data()));
  return line;
}

/// One event as a worker writes it, without newline.
inline std::string make_event(const logfmt::LaneId& lane, std::uint64_t sequence,
                              std::int64_t unix_seconds, std::size_t padding = 100) {
  std::string id(logfmt::kRequestIdBytes, '\0');
  cipher().encode({lane.node, lane.worker, lane.boot, sequence / 2}, id.data());
  return "{\"id\":\"" + id + "\",\"n\":" + std::to_string(sequence % 2) +
         ",\"seq\":" + std::to_string(sequence) + ",\"time\":\"" +
         base::format_iso8601(unix_seconds) + "\",\"record\":{\"p\":\"" +
         std::string(padding, 'x') + "\"}}";
}

/// Everything one lane's worker and the keeper share, and the worker's writer.
struct TestLane {
  explicit TestLane(logfmt::ControlSlot& control_slot, std::uint16_t worker = 0,
                    logfmt::SegmentKind kind = logfmt::SegmentKind::kAccess)
      : id{kind, kNode, kBoot, worker}, slot(control_slot), writer(supply, control_slot, 60) {}

  /// Appends and publishes one line; false when there is no place.
  bool write(std::int64_t unix_seconds, std::size_t padding = 100) {
    const auto make = id.kind == logfmt::SegmentKind::kAccess ? make_line : make_event;
    const std::string line = make(id, writer.next_sequence(), unix_seconds, padding);
    if (!writer.try_reserve(line.size() + 1)) return false;
    writer.append(line, unix_seconds);
    writer.publish();
    return true;
  }

  logfmt::LaneId id;
  logfmt::ControlSlot& slot;
  SegmentSupply supply;
  SegmentWriter writer;
};

struct SealedSegment {
  logfmt::Manifest manifest;
  std::string text;
};

/// All of sealed/, in name order, each checked against its manifest.
inline std::vector<SealedSegment> read_sealed(const Spool& spool) {
  std::vector<SealedSegment> found;
  const auto names = base::list_directory(spool.sealed());
  EXPECT_TRUE(names.ok());
  for (const std::string& name : *names) {
    const auto parsed = logfmt::parse_sealed_file_name(name);
    if (!parsed || parsed->type != logfmt::SealedName::Type::kManifest) continue;
    const auto json = base::read_file(spool.sealed() / name);
    const auto manifest = logfmt::parse_manifest(*json);
    EXPECT_TRUE(manifest.ok()) << name;
    const auto text = base::read_file(spool.sealed() / manifest->file);
    EXPECT_TRUE(text.ok()) << name << " has no data file";
    if (!text) continue;
    EXPECT_EQ(text->size(), manifest->bytes) << name;
    EXPECT_EQ(base::hash128_hex(*text), manifest->xxh3_128) << name;
    EXPECT_EQ(text->find('\0'), std::string::npos) << name;
    EXPECT_TRUE(text->ends_with('\n')) << name;
    found.push_back({*manifest, *text});
  }
  return found;
}

inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
  const auto names = base::list_directory(folder);
  EXPECT_TRUE(names.ok());
  return *names;
}

/// Waits up to 10 s.
inline bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 5000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

/// A spool with one process life in it: control page, lanes, keeper.
class LogTest : public ::testing::Test {
 protected:
  explicit LogTest(std::filesystem::path root = {})
      : spool_{root.empty() ? folder_.path() : root} {}

  /// Access lanes first, then, with two lanes per worker, events lanes.
  void make_life(std::uint16_t workers, std::uint16_t lanes_per_worker = 1) {
    ASSERT_TRUE(create_spool(spool_).ok());
    auto page =
        logfmt::ControlPage::create(spool_.active() / logfmt::control_file_name(kNode, kBoot),
                                    kNode, kBoot, workers, lanes_per_worker);
    ASSERT_TRUE(page.ok());
    page_ = std::make_unique<logfmt::ControlPage>(std::move(page).value());
    for (const auto kind : {logfmt::SegmentKind::kAccess, logfmt::SegmentKind::kEvents}) {
      if (kind == logfmt::SegmentKind::kEvents && lanes_per_worker < 2) continue;
      for (std::uint16_t i = 0; i < workers; ++i) {
        lanes_.push_back(std::make_unique<TestLane>(page_->slot(kind, i), i, kind));
      }
    }
  }

  void make_keeper(std::uint64_t segment_bytes = kMiB, std::uint32_t standby = 2,
                   Durability durability = Durability::kProcess) {
    KeeperOptions options;
    options.spool = spool_;
    options.distribution = "TEST";
    options.node = kNode;
    options.boot = kBoot;
    options.segment_bytes = segment_bytes;
    options.standby_segments = standby;
    options.window_bytes = 256 * 1024;
    options.durability = durability;
    std::vector<KeeperLane> shared;
    for (const auto& lane : lanes_) {
      const bool is_events = lane->id.kind == logfmt::SegmentKind::kEvents;
      shared.push_back({&lane->supply, &lane->slot, lane->id.kind, is_events ? kMiB / 2 : 0,
                        is_events ? 1U : 0U});
    }
    keeper_ = std::make_unique<Keeper>(options, shared);
  }

  TestLane& lane(std::size_t worker = 0) { return *lanes_[worker]; }
  /// Writes, waiting for the keeper where it is late.
  void write_lines(TestLane& lane, int count, std::int64_t unix_seconds, std::size_t padding) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(eventually([&] { return lane.write(unix_seconds, padding); }));
    }
  }

  TempFolder folder_{std::filesystem::temp_directory_path()};
  Spool spool_;
  std::unique_ptr<logfmt::ControlPage> page_;
  std::vector<std::unique_ptr<TestLane>> lanes_;
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace pixel::edge
