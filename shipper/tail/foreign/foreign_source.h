// SPDX-License-Identifier: Apache-2.0
// One foreign source: looks at files, tells which content each holds, and gives what is new to its
// lanes. COLD; one thread. The paths and the times are given to it.
//
// Which content a file holds is told by what is in it (content.h): its first line of data finds the
// contents that may be meant, hashes up to where each was published decide. Device, inode, birth
// time and the head only save reading a file again that did not change, or grew. So it does not
// matter whether a file was renamed, copied, compressed, or replaced by another one of its name,
// while somebody looked or not; an inode that is used again is another content.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "shipper/tail/foreign/source_lanes.h"
#include "shipper/tail/foreign/source_options.h"

namespace pixel::shipper {

/// Totals of this process life; `waiting` and below are of now.
struct SourceCounters {
  std::uint64_t contents = 0;    // Found new.
  std::uint64_t duplicates = 0;  // Files whose content was there already.
  std::uint64_t replaced = 0;    // Other content under a known name or in a known inode.
  std::uint64_t renames = 0;
  std::uint64_t truncations = 0;    // copytruncate and the like.
  std::uint64_t at_risk = 0;        // Truncations of which no copy was found, and
  std::uint64_t at_risk_bytes = 0;  // an estimate of what nobody read before them.
  std::uint64_t inode_reuses = 0;
  std::uint64_t gone = 0;        // Contents whose files vanished.
  std::uint64_t deleted = 0;     // Files, by delete_after.
  std::uint64_t bytes_read = 0;  // To identify and publish.
  std::uint64_t files = 0;
  std::uint64_t waiting = 0;  // Not complete yet, or not to be told from another.
  std::uint64_t damaged = 0;  // Compressed, and cut off or damaged: wait too.
  std::uint64_t unreadable = 0;
};

class ForeignSource {
 public:
  struct Times {
    std::int64_t now_ns = 0;  // Since 1970, as file times are.
    std::uint64_t monotonic_ns = 0;
  };

  /// `books` outlives it. `is_new`: the registry has never heard of the source.
  ForeignSource(const SourceOptions& options, SourceBooks& books, bool is_new);

  /// Looks at these files. `is_complete`: they are all that there are.
  void look(const std::vector<std::string>& paths, bool is_complete, const Times& times);

  /// Records of what changed since the last publish(). publish() makes it visible: REQUIRES: the
  /// registry has the records. True when the lanes' lists changed.
  std::vector<std::string> records();
  bool publish();
  const SourceLanes& lanes() const noexcept { return lanes_; }

  /// Forgets what every sink has; deletes files where the settings say so.
  void settle_delivered(const SourceLanes::Least& least, const Times& times);

  /// Files to look at soon, whatever the kernel tells.
  std::vector<std::string> impatient_paths() const;
  /// True while time alone decides about a file.
  bool is_unsettled(std::uint64_t monotonic_ns) const;

  const SourceOptions& options() const noexcept { return options_; }
  SourceCounters counters() const;

  /// What is known of each content and each file that waits.
  struct FileReport {
    std::string path;
    std::string state;   // "live", "complete", "copy", "waiting", "damaged", "empty", "gone".
    std::string reason;  // Why it waits.
    std::uint64_t length = 0;
    std::uint64_t lines = 0;
    std::uint32_t incarnation = 0;
    bool has_incarnation = false;
  };
  std::vector<FileReport> report() const;

 private:
  enum class State : std::uint8_t {
    kNew,
    kCarrier,
    kCopy,
    kWaiting,
    kDamaged,
    kUnreadable,
    kEmpty
  };
  // A file that was seen.
  struct Seen {
    FileFacts facts;
    std::string path;
    State state = State::kNew;
    std::uint32_t incarnation = 0;  // kCarrier, kCopy; kWaiting: whose copy it may be.
    bool gzip = false;
    std::string reason;
    std::uint64_t look = 0;  // The last one that saw it.
    std::uint64_t steady_since_ns = 0;
    std::uint64_t judged_ns = 0;
  };
  // What is known of a content in this process life only.
  struct Live {
    std::optional<ContentHash> hash;
    SharedFd fd;
    bool is_lost = true;   // No file holds it, as far as is known.
    bool is_gone = false;  // And none has for a while.
    bool was_truncated = false;
    std::uint64_t lost_ns = 0;
    std::uint64_t looked_ns = 0;  // The last reading.
    std::uint64_t grown_ns = 0;
    std::uint64_t rest_bytes = 0;    // Behind the last newline.
    double bytes_per_ns = 0;         // It grew so fast.
    std::vector<ContentMark> marks;  // Earlier ones, each twice as long as the one before.
  };
  struct Open {
    SharedFd fd;
    std::unique_ptr<SegmentReader> content;
    FileFacts facts;
    bool gzip = false;
  };
  enum class Relation : std::uint8_t { kNone, kContains, kIsPrefix };

  // foreign_source.cc: which files to look at, and what became of them.
  void restore();
  Seen* meet(const std::string& path, const FileFacts& facts);
  bool needs_judging(const Seen& seen) const;
  void find_missing(const std::vector<std::string>& absent, bool is_complete);
  void judge(const FileKey& key);
  void read_carrier(Seen& seen, Open& open);
  void rename(Seen& seen, const std::string& path);
  void forget_file(const FileKey& key);
  std::optional<Open> open_seen(Seen& seen);

  // foreign_upkeep.cc: what time and the sinks' progress decide.
  bool has_name(std::uint32_t number) const;
  void upkeep();
  void follow_unlinked(std::uint32_t number);
  void give_up_lost();
  void give_up(std::uint32_t number, Live& live);
  void release(std::uint32_t number);
  void delete_files(const std::set<std::uint32_t>& delivered);
  void forget_old();

  // foreign_identity.cc: which content a file holds.
  void identify(Seen& seen, Open& open);
  static bool still_holds(const Open& open, const Survey& found);
  void place_among(Seen& seen, Open& open, Survey& found);
  Relation relate(std::uint32_t number, const Survey& found);
  bool is_prefix_of(std::uint32_t number, const ContentMark& mark);
  void judge_copy(Seen& seen, Open& open, Survey& found, std::uint32_t number, Relation relation);
  bool is_settled(const Seen& seen) const;
  bool takes_end(const Seen& seen, const Open& open) const;

  // foreign_contents.cc: what becomes of a content.
  void begin_content(Seen& seen, Open& open, Survey& found);
  void attach(Seen& seen, Open& open, std::uint32_t number);
  bool extend(Seen& seen, Open& open, std::uint32_t number);
  void take_growth(std::uint32_t number, const Open& open, const Growth& growth,
                   const ContentHead& head);
  void lose(std::uint32_t number);
  void truncated(Seen& seen, std::uint32_t number);
  void adopt_copy(std::uint32_t number);
  void set_place(std::uint32_t number);
  void hold(Live& live, SharedFd fd);

  const SourceOptions options_;
  SourceBooks& books_;
  SourceLanes lanes_;
  bool skips_what_is_there_;  // start = "end", and the first look is not over.
  Times times_;
  std::uint64_t look_ = 0;
  std::map<FileKey, Seen> seen_;
  std::unordered_map<std::string, FileKey> by_path_;
  std::unordered_map<std::string, std::uint32_t> content_at_;     // The last content at a path.
  std::unordered_multimap<std::uint64_t, std::uint32_t> by_key_;  // Contents by first line.
  std::map<std::uint32_t, Live> live_;
  std::set<std::uint32_t> lost_;     // Not gone yet.
  std::set<FileKey> undecided_;      // kWaiting.
  std::set<std::string> again_;      // Changed while it was looked at.
  std::set<std::uint32_t> changed_;  // Contents to record.
  std::vector<std::string> other_records_;
  SourceCounters counters_;
  std::size_t held_ = 0;  // Files held open.
};

}  // namespace pixel::shipper
