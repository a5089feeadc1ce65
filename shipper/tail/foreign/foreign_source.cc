// SPDX-License-Identifier: Apache-2.0
// See foreign_source.h. Which files to look at, and what became of them.
#include "shipper/tail/foreign/foreign_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/diagnostics.h"

namespace pixel::shipper {
ForeignSource::ForeignSource(const SourceOptions& options, SourceBooks& books, bool is_new)
    : options_(options),
      books_(books),
      lanes_(books),
      skips_what_is_there_(is_new && options.from_end) {
  restore();
}

// Files are taken for what they were when they were read last; the first look says what changed.
void ForeignSource::restore() {
  const auto remember = [this](const KnownFile& file, State state, std::uint32_t number) {
    Seen& seen = seen_[file.facts.key];
    // Its inode was used again: of the earlier content nothing but copies can be left.
    if (seen.state == State::kCarrier) lose(seen.incarnation);
    seen.judged_ns = 1;
    seen.facts = file.facts;
    seen.path = file.path;
    seen.state = state;
    seen.incarnation = number;
    seen.gzip = file.gzip;
    by_path_[file.path] = file.facts.key;
  };
  for (const auto& [key, copy] : books_.copies) remember(copy.second, State::kCopy, copy.first);
  for (const auto& [number, state] : books_.incarnations) {
    by_key_.emplace(state.key, number);
    content_at_[state.file.path] = number;
    live_[number].is_lost = false;
    remember(state.file, State::kCarrier, number);
    set_place(number);
  }
}

void ForeignSource::look(const std::vector<std::string>& paths, bool is_complete,
                         const Times& times) {
  times_ = times;
  ++look_;
  std::vector<std::string> absent;
  std::vector<std::pair<std::int64_t, FileKey>> carriers;
  std::vector<std::pair<std::int64_t, FileKey>> others;
  std::vector<std::string> all = paths;
  all.insert(all.end(), again_.begin(), again_.end());
  again_.clear();
  for (const std::string& path : all) {
    const auto facts = facts_of(std::filesystem::path(path));
    if (!facts) absent.push_back(path);
    if (!facts || !facts->is_regular) continue;
    const Seen* const seen = meet(path, *facts);
    if (seen == nullptr || !needs_judging(*seen)) continue;
    (seen->state == State::kCarrier ? carriers : others)
        .emplace_back(facts->modified_ns, facts->key);
  }
  if (!is_complete) {
    for (const FileKey& key : undecided_) others.emplace_back(seen_.at(key).facts.modified_ns, key);
  }
  // What is known first: then a file that nobody knows yet is compared with what really is there.
  std::sort(carriers.begin(), carriers.end());
  for (const auto& [modified, key] : carriers) judge(key);
  find_missing(absent, is_complete);
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  for (const auto& [modified, key] : others) {
    const auto seen = seen_.find(key);
    if (seen != seen_.end() && needs_judging(seen->second)) judge(key);
  }
  upkeep();
  // Only who has seen everything may say that something is nowhere.
  if (is_complete) {
    give_up_lost();
    skips_what_is_there_ = false;
  }
}

// Notes that a file is there; null where it was met in this look already (a hard link, or a rename
// between two listings).
ForeignSource::Seen* ForeignSource::meet(const std::string& path, const FileFacts& facts) {
  auto found = seen_.find(facts.key);
  if (found != seen_.end() && found->second.facts.born_ns != facts.born_ns) {
    ++counters_.inode_reuses;
    forget_file(facts.key);
    found = seen_.end();
  }
  if (found == seen_.end()) {
    Seen fresh;
    fresh.facts = facts;
    fresh.path = path;
    const std::uint64_t age = age_ns(times_.now_ns, facts.modified_ns);
    fresh.steady_since_ns = times_.monotonic_ns - std::min(times_.monotonic_ns, age);
    found = seen_.emplace(facts.key, std::move(fresh)).first;
    by_path_[path] = facts.key;
  }
  Seen& seen = found->second;
  if (seen.look == look_) return nullptr;
  seen.look = look_;
  if (seen.path != path) {
    const auto old = facts_of(std::filesystem::path(seen.path));
    if (!old || old->key != facts.key) rename(seen, path);  // Else another link to it.
  }
  if (seen.facts != facts) {
    const bool is_touched =
        seen.facts.bytes == facts.bytes && seen.facts.modified_ns == facts.modified_ns;
    if (!is_touched) seen.steady_since_ns = times_.monotonic_ns;
    seen.judged_ns = 0;
    seen.facts = facts;
  }
  return &seen;
}

bool ForeignSource::needs_judging(const Seen& seen) const {
  if (seen.judged_ns == 0) return true;
  // Nothing happened to it, but time decides, or what happened to another file.
  if (seen.state == State::kWaiting) {
    const bool is_due =
        is_settled(seen) && seen.judged_ns < seen.steady_since_ns + options_.settle_ns;
    return is_due || times_.monotonic_ns - seen.judged_ns >= options_.settle_ns;
  }
  return seen.state == State::kUnreadable &&
         times_.monotonic_ns - seen.judged_ns >= options_.rescan_ns;
}

void ForeignSource::rename(Seen& seen, const std::string& path) {
  const auto at = by_path_.find(seen.path);
  if (at != by_path_.end() && at->second == seen.facts.key) by_path_.erase(at);
  by_path_[path] = seen.facts.key;
  seen.path = path;
  ++counters_.renames;
  if (seen.state != State::kCarrier) return;
  Incarnation& content = books_.incarnations[seen.incarnation];
  content.file.path = path;
  content.rotated = true;
  changed_.insert(seen.incarnation);
  set_place(seen.incarnation);
}

void ForeignSource::find_missing(const std::vector<std::string>& absent, bool is_complete) {
  std::vector<FileKey> missing;
  if (is_complete) {
    for (const auto& [key, seen] : seen_) {
      if (seen.look != look_) missing.push_back(key);
    }
  }
  for (const std::string& path : absent) {
    const auto at = by_path_.find(path);
    if (at == by_path_.end()) continue;
    const auto seen = seen_.find(at->second);
    if (seen != seen_.end() && seen->second.look != look_) missing.push_back(at->second);
  }
  for (const FileKey& key : missing) {
    if (seen_.contains(key)) forget_file(key);
  }
}

// The name is gone, or the inode belongs to another file now. A content whose file is held open is
// read on nevertheless.
void ForeignSource::forget_file(const FileKey& key) {
  const Seen seen = seen_.at(key);
  const auto at = by_path_.find(seen.path);
  if (at != by_path_.end() && at->second == key) by_path_.erase(at);
  seen_.erase(key);
  undecided_.erase(key);
  if (seen.state == State::kCopy) other_records_.push_back(forget_copy_record(books_.node, key));
  if (seen.state == State::kCopy) books_.copies.erase(key);
  if (seen.state != State::kCarrier) return;
  books_.incarnations[seen.incarnation].rotated = true;
  changed_.insert(seen.incarnation);
  Live& live = live_[seen.incarnation];
  if (live.fd != nullptr) {
    follow_unlinked(seen.incarnation);
  } else {
    lose(seen.incarnation);
  }
  adopt_copy(seen.incarnation);
}

std::optional<ForeignSource::Open> ForeignSource::open_seen(Seen& seen) {
  const int fd = ::open(seen.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    if (errno != ENOENT && seen.state != State::kCarrier) {
      seen.reason = std::strerror(errno);
      seen.state = State::kUnreadable;
    } else {
      seen.judged_ns = 0;
      again_.insert(seen.path);
    }
    return std::nullopt;
  }
  Open open;
  open.fd = std::make_shared<const base::UniqueFd>(base::UniqueFd(fd));
  const auto facts = facts_of(fd);
  // Renamed since it was listed: the next look finds who lies where.
  if (!facts || !facts->is_same_file(seen.facts)) {
    again_.insert(seen.path);
    seen.judged_ns = 0;
    return std::nullopt;
  }
  open.facts = *facts;
  open.gzip = is_gzip(fd);
  open.content = open_content(open.fd, open.gzip, seen.path);
  return open;
}

void ForeignSource::judge(const FileKey& key) {
  Seen& seen = seen_.at(key);
  seen.judged_ns = times_.monotonic_ns;
  seen.reason.clear();
  auto open = open_seen(seen);
  if (!open) return;
  seen.facts = open->facts;
  if (seen.state == State::kCarrier) {
    read_carrier(seen, *open);
  } else {
    if (seen.state == State::kCopy) {
      books_.copies.erase(key);
      other_records_.push_back(forget_copy_record(books_.node, key));
    }
    const bool was_copy = seen.state == State::kCopy;
    identify(seen, *open);
    if (was_copy && seen.state == State::kCopy) --counters_.duplicates;  // Counted before.
  }
  if (seen.state == State::kWaiting) {
    undecided_.insert(key);
  } else {
    undecided_.erase(key);
  }
}

// A file that was read before, and changed.
void ForeignSource::read_carrier(Seen& seen, Open& open) {
  const std::uint32_t number = seen.incarnation;
  Incarnation& content = books_.incarnations[number];
  if (!open.gzip && !seen.gzip) {
    const bool is_same =
        open.facts.bytes >= content.mark.length && has_head(*open.content, content.head);
    if (is_same && options_.kind == SourceKind::kCloudfront && !is_settled(seen)) {
      seen.judged_ns = 0;
      again_.insert(seen.path);
      return;
    }
    if (is_same && extend(seen, open, number)) return;
    truncated(seen, number);
    identify(seen, open);
    return;
  }
  // Whole files do not change: whoever wrote it again may have written something else.
  lose(number);
  seen.state = State::kNew;
  identify(seen, open);
  const bool is_same = seen.state == State::kCarrier && seen.incarnation == number;
  if (!is_same) ++counters_.replaced;
  if (!is_same) spdlog::warn("source {}: {} holds other content now", options_.name, seen.path);
}

SourceCounters ForeignSource::counters() const {
  SourceCounters counters = counters_;
  for (const auto& [key, seen] : seen_) {
    counters.damaged += seen.state == State::kDamaged ? 1 : 0;
    counters.unreadable += seen.state == State::kUnreadable ? 1 : 0;
  }
  return counters;
}

std::vector<std::string> ForeignSource::records() {
  std::vector<std::string> records = other_records_;
  for (const std::uint32_t number : changed_) {
    const auto content = books_.incarnations.find(number);
    if (content == books_.incarnations.end()) continue;
    records.push_back(incarnation_record(books_.node, number, content->second));
  }
  const auto pieces = lanes_.records();
  records.insert(records.end(), pieces.begin(), pieces.end());
  return records;
}

bool ForeignSource::publish() {
  other_records_.clear();
  changed_.clear();
  return lanes_.publish();
}

std::vector<std::string> ForeignSource::impatient_paths() const {
  std::vector<std::string> paths(again_.begin(), again_.end());
  for (const FileKey& key : undecided_) paths.push_back(seen_.at(key).path);
  return paths;
}

bool ForeignSource::is_unsettled(std::uint64_t monotonic_ns) const {
  if (!again_.empty() || !lost_.empty()) return true;
  return std::any_of(undecided_.begin(), undecided_.end(), [&](const FileKey& key) {
    return monotonic_ns - seen_.at(key).steady_since_ns < options_.settle_ns + base::kSecondNs;
  });
}

std::vector<ForeignSource::FileReport> ForeignSource::report() const {
  std::vector<FileReport> reports;
  for (const auto& [number, content] : books_.incarnations) {
    const auto live = live_.find(number);
    const bool is_gone = live != live_.end() && (live->second.is_gone || live->second.is_lost);
    reports.push_back({content.file.path,
                       is_gone                  ? "gone"
                       : lanes_.is_open(number) ? "live"
                                                : "complete",
                       "", content.mark.length, content.mark.lines, number, true});
  }
  for (const auto& [key, seen] : seen_) {
    if (seen.state == State::kCarrier) continue;
    static constexpr const char* kNames[] = {"waiting", "",           "copy", "waiting",
                                             "damaged", "unreadable", "empty"};
    const bool is_copy = seen.state == State::kCopy;
    reports.push_back({seen.path, kNames[static_cast<int>(seen.state)], seen.reason,
                       seen.facts.bytes, 0, is_copy ? seen.incarnation : 0, is_copy});
  }
  return reports;
}

}  // namespace pixel::shipper
