// SPDX-License-Identifier: Apache-2.0
// A foreign source over real files, with its registry, a sink that remembers every line, time that
// the test moves, and kills: what was not recorded is gone, the sink goes on where it was.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/tail/follower.h"
#include "shipper/tail/foreign/file_lister.h"
#include "shipper/tail/foreign/foreign_source.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {

inline constexpr std::string_view kForeignHeader =
    "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host)\n";

class ForeignWorld {
 public:
  explicit ForeignWorld(
      SourceKind kind, bool from_end = false,
      const std::filesystem::path& parent = std::filesystem::temp_directory_path())
      : directory_(parent), store_({}) {
    options_.name = "logs";
    options_.kind = kind;
    options_.directory = directory_.path() / "logs";
    options_.recursive = true;
    options_.from_end = from_end;
    std::filesystem::create_directories(options_.directory);
    EXPECT_TRUE(apply_record(recorded_, source_record("logs", 0)).ok());
    begin(true);
  }

  SourceOptions& options() { return options_; }
  std::string path(const std::string& name) const { return (options_.directory / name).string(); }
  void write(const std::string& name, std::string_view text) const {
    put(name, text, std::ios::trunc);
  }
  void append(const std::string& name, std::string_view text) const {
    put(name, text, std::ios::app);
  }
  void rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(path(from), path(to));
  }
  void remove(const std::string& name) const { std::filesystem::remove(path(name)); }
  std::string read_file(const std::string& name) const {
    return base::read_file(path(name)).value();
  }
  // As gzip(1): the compressed file is there before the plain one goes.
  void gzip(const std::string& name) const {
    write(name + ".gz", gzip_member(read_file(name)).value());
    remove(name);
  }
  void copytruncate(const std::string& from, const std::string& to) const {
    write(to, read_file(from));
    ASSERT_EQ(::truncate(path(from).c_str(), 0), 0);
  }

  void advance(std::uint64_t ns) { skew_ns_ += ns; }
  void settle() { advance(options_.settle_ns + base::kSecondNs); }

  // Looks at everything (or at some) and lets the sink read what is published.
  void look() { look_at(list(), true); }
  void look_at(const std::vector<std::string>& paths, bool is_complete = false) {
    source_->look(paths, is_complete, times());
    publish();
  }
  // Looks, but dies before anything of it is recorded.
  void look_and_die() {
    source_->look(list(), true, times());
    restart();
  }
  // The shipper ends at once; the sink keeps what it has.
  void restart() { begin(false); }

  void read(std::size_t chunks_max = SIZE_MAX) {
    for (std::size_t i = 0; i < chunks_max; ++i) {
      const auto chunk = follower_->next(snapshot_, now());
      for (const Gap& gap : follower_->take_gaps()) {
        missing_ += gap.missing_lines;
        positions_[gap.lane] = gap.to;
      }
      if (!chunk) return;
      take(*chunk);
    }
  }
  // Until nothing changes any more: all that waits for time gets it.
  void drain() {
    for (int i = 0; i < 6; ++i) {
      look();
      read();
      settle();
      advance(3 * base::kSecondNs);
    }
  }
  // What every sink has is forgotten.
  void settle_delivered() {
    source_->settle_delivered(
        [this](const logfmt::LaneId& lane) {
          const auto found = positions_.find(lane);
          return found == positions_.end() ? Position() : found->second;
        },
        times());
    publish();
  }

  const std::map<std::string, int>& lines() const { return lines_; }
  int count(const std::string& line) const {
    const auto found = lines_.find(line);
    return found == lines_.end() ? 0 : found->second;
  }
  std::size_t line_count() const { return lines_.size(); }
  std::uint64_t missing() const { return missing_; }
  SourceCounters counters() const { return source_->counters(); }
  const SourceBooks& books() const { return (*books_).at("logs"); }
  const ForeignSource& source() const { return *source_; }
  const CatalogueSnapshot& snapshot() const { return snapshot_; }
  // Lines that the ledger would count as written.
  std::uint64_t written() const {
    std::uint64_t lines = 0;
    for (const auto& [lane, segments] : snapshot_.lanes) {
      for (const auto& [index, entry] : segments) lines += entry.origin->extent().lines;
    }
    if (snapshot_.foreign == nullptr) return lines;
    for (const auto& [lane, retired] : snapshot_.foreign->retired) lines += retired.lines;
    return lines;
  }
  std::uint64_t taken() const { return taken_; }

 private:
  std::vector<std::string> list() {
    if (!lister_) lister_.emplace(options_);
    bool ignored = false;
    lister_->take_changes(ignored);
    return lister_->list().value();
  }
  void put(const std::string& name, std::string_view text, std::ios::openmode mode) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream file(path(name), std::ios::binary | std::ios::out | mode);
    file << text;
    ASSERT_TRUE(file.flush().good());
  }
  std::uint64_t now() const { return base::monotonic_ns() + skew_ns_; }
  ForeignSource::Times times() const {
    return {static_cast<std::int64_t>(base::realtime_ns() + skew_ns_), now()};
  }
  void begin(bool is_new) {
    source_.reset();
    books_ = std::make_unique<ForeignBooks>(recorded_);
    source_ = std::make_unique<ForeignSource>(options_, (*books_)["logs"], is_new);
    publish();
    Checkpoint checkpoint;
    checkpoint.lanes = positions_;
    follower_.emplace(store_, checkpoint, 512 * 1024);
  }
  void publish() {
    for (const std::string& record : source_->records()) {
      ASSERT_TRUE(apply_record(recorded_, record).ok()) << record;
    }
    source_->publish();
    auto lanes = std::make_shared<ForeignLanes>();
    source_->lanes().list(*lanes);
    snapshot_.lanes = lanes->lanes;
    snapshot_.foreign = std::move(lanes);
    ++snapshot_.version;
  }
  void take(const Chunk& chunk) {
    Position& position = positions_[chunk.segment.lane];
    if (chunk.segment.index > position.index) position = {chunk.segment.index, 0};
    ASSERT_EQ(position.index, chunk.segment.index);
    ASSERT_EQ(position.offset, chunk.offset);
    position.offset += chunk.text.size();
    std::string_view text = chunk.text;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(line.size() + 1);
      if (line.empty() || line.front() == '#') continue;
      ++lines_[std::string(line)];
      ++taken_;
    }
    follower_->consume(chunk.text.size());
  }

  TemporaryDirectory directory_;
  SourceOptions options_;
  std::optional<FileLister> lister_;
  FileStore store_;
  std::uint64_t skew_ns_ = 0;
  ForeignBooks recorded_;  // What a restart knows.
  std::unique_ptr<ForeignBooks> books_;
  std::unique_ptr<ForeignSource> source_;
  CatalogueSnapshot snapshot_;
  std::optional<Follower> follower_;
  std::map<logfmt::LaneId, Position> positions_;  // The sink's.
  std::map<std::string, int> lines_;
  std::uint64_t taken_ = 0;
  std::uint64_t missing_ = 0;
};

// Lines of one number each, from `first` to before `end`.
inline std::string foreign_lines(int first, int end) {
  std::string text;
  for (int i = first; i < end; ++i)
    text += "2026-11-20\t18:52:00\tLHR\t" + std::to_string(i) + "\n";
  return text;
}

// Each line from `first` to before `end` exactly once, and no other.
inline void expect_exactly(const ForeignWorld& world, int first, int end) {
  int lost = 0;
  int doubled = 0;
  for (int i = first; i < end; ++i) {
    const int count = world.count("2026-11-20\t18:52:00\tLHR\t" + std::to_string(i));
    lost += count == 0 ? 1 : 0;
    doubled += count > 1 ? 1 : 0;
  }
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(doubled, 0);
  EXPECT_EQ(world.line_count(), static_cast<std::size_t>(end - first));
  EXPECT_EQ(world.written(), world.taken());
}

}  // namespace pixel::shipper
