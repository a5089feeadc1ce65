// SPDX-License-Identifier: Apache-2.0
// The journal of intents of a sink that keeps no checkpoint itself: what is going to be sent is
// durable here before the first byte of it leaves, what was acked is durable here before anything
// counts on it. COLD; one sink's thread. JOURNAL.md has the format and what damage does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "shipper/deliver/journal_record.h"
#include "shipper/state/file_system.h"

namespace pixel::shipper {

struct JournalReading {
  JournalState state;
  std::uint64_t generation = 0;  // 0: there is no journal.
  std::uint64_t sequence = 0;    // Of the last record.
  std::string note;              // What was found and could be made good; "" when nothing was.
};

/// Reads without changing anything. An error where damage leaves open what was sent: it names the
/// file, and what an operator can do.
base::Result<JournalReading> read_journal(FileSystem& files,
                                          const std::filesystem::path& directory);

/// For `pixel-shipper journal discard`: gives all unresolved intents up and goes on from the last
/// sure checkpoint: their lines are read again and may arrive twice, none is lost. Returns what
/// that was, for people. REQUIRES: no shipper runs.
base::Result<std::string> discard_journal(FileSystem& files,
                                          const std::filesystem::path& directory);

class Journal {
 public:
  /// `directory` holds journal.<generation>; `generation_bytes`: about so long may one become.
  explicit Journal(std::filesystem::path directory, FileSystem& files = real_file_system(),
                   std::uint64_t generation_bytes = base::kMiB)
      : directory_(std::move(directory)), files_(files), generation_bytes_(generation_bytes) {}

  /// Reads, and begins a new generation. May be called again after an error.
  base::Status open();

  /// What is durable. REQUIRES here and below: open() succeeded.
  const JournalState& state() const noexcept { return state_; }
  /// A number for a new intent.
  std::uint64_t take_number() noexcept { return next_number_++; }

  /// Each is durable when it returns; after an error it is not known to be, and may be given again.
  base::Status intend(const Intent& intent);
  base::Status split(std::uint64_t number, const Intent& first, const Intent& second);
  /// Rows were taken out of an intent: `changed` is what it is now.
  base::Status refuse(const Intent& changed);
  /// All intents up to `number` are done. `after`: the checkpoint then.
  base::Status done(std::uint64_t number, const Checkpoint& after);

  /// Leaves a lane out of the checkpoint from the next generation on.
  void forget(const logfmt::LaneId& lane) { state_.checkpoint.lanes.erase(lane); }

  /// What open() found and made good; "" when nothing was.
  const std::string& note() const noexcept { return note_; }
  std::uint64_t generation() const noexcept { return generation_; }

 private:
  friend base::Result<std::string> discard_journal(FileSystem&, const std::filesystem::path&);
  base::Status append(JournalRecord record);
  base::Status begin_generation();
  std::string carried_text(std::uint64_t first_sequence) const;
  void remove_old_generations();
  std::filesystem::path file(std::uint64_t generation) const;

  const std::filesystem::path directory_;
  FileSystem& files_;
  const std::uint64_t generation_bytes_;

  JournalState state_;
  std::uint64_t next_number_ = 1;
  std::uint64_t generation_ = 0;
  std::uint64_t sequence_ = 0;
  std::unique_ptr<StateFile> file_;  // None: nothing may be appended, a new generation is due.
  std::uint64_t bytes_ = 0;
  std::uint64_t compact_at_bytes_ = 0;
  std::string note_;
};

}  // namespace pixel::shipper
