// SPDX-License-Identifier: Apache-2.0
// Writing a journal: see journal.h. One append is one record and one sync: what a crash can leave
// of it is all, nothing, or a torn end, and nothing was ever sent on the word of a torn one. COLD.
#include "shipper/deliver/journal.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "shipper/deliver/journal_files.h"

namespace pixel::shipper {

namespace fs = std::filesystem;

fs::path Journal::file(std::uint64_t generation) const {
  return directory_ / journal_file_name(generation);
}

base::Status Journal::open() {
  file_.reset();
  if (auto status = files_.create_directories(directory_); !status) return status;
  auto reading = read_journal(files_, directory_);
  if (!reading) return reading.error();
  state_ = std::move(reading->state);
  next_number_ = state_.next_number;
  generation_ = std::max(generation_, reading->generation);
  sequence_ = reading->sequence;
  note_ = std::move(reading->note);
  return begin_generation();
}

std::string Journal::carried_text(std::uint64_t first_sequence) const {
  JournalRecord head;
  head.kind = JournalRecord::Kind::kHead;
  head.sequence = first_sequence;
  head.count = state_.intents.size();
  head.next_number = state_.next_number;
  head.checkpoint = state_.checkpoint;
  std::string text = to_line(head);
  for (const Intent& intent : state_.intents) {
    JournalRecord carried;
    carried.kind = JournalRecord::Kind::kCarried;
    carried.sequence = ++first_sequence;
    carried.number = intent.number;
    carried.intents = {intent};
    text += to_line(carried);
  }
  return text;
}

// Until the rename nothing has changed, and the old file may go on being used. From then on, until
// the directory is synced, it is not known which of the two a power loss would leave: nothing may
// be appended to either.
base::Status Journal::begin_generation() {
  const std::string text = carried_text(sequence_ + 1);
  const fs::path temporary = directory_ / "journal.tmp";
  auto next = files_.open(temporary, FileSystem::Mode::kNew);
  if (!next) return next.error();
  auto status = (*next)->write_at(0, text);
  if (status) status = (*next)->sync();
  if (!status) {
    next->reset();
    static_cast<void>(files_.remove(temporary));  // Written over by the next attempt.
    return status;
  }
  file_.reset();
  // Never a number that was tried: such a file may come back after a power loss.
  ++generation_;
  status = files_.rename(temporary, file(generation_));
  if (status) status = files_.sync_directory(directory_);
  if (!status) return status;
  file_ = std::move(next).value();
  bytes_ = text.size();
  compact_at_bytes_ = bytes_ + generation_bytes_;
  sequence_ += 1 + state_.intents.size();
  remove_old_generations();
  return base::ok_status();
}

// A failure leaves a file too many, which the next generation finds again.
void Journal::remove_old_generations() {
  const auto generations = journal_generations(files_, directory_);
  if (!generations) return;
  for (const std::uint64_t generation : *generations) {
    if (generation + 1 < generation_) static_cast<void>(files_.remove(file(generation)));
  }
}

base::Status Journal::append(JournalRecord record) {
  if (file_ != nullptr && bytes_ >= compact_at_bytes_) {
    auto status = begin_generation();
    // A full disk may have room for a record where it has none for a generation.
    if (!status && file_ == nullptr) return status;
    if (!status) compact_at_bytes_ = bytes_ + generation_bytes_;
  }
  if (file_ == nullptr) {
    if (auto status = begin_generation(); !status) return status;
  }
  record.sequence = sequence_ + 1;
  const std::string line = to_line(record);
  auto status = file_->write_at(bytes_, line);
  if (status) status = file_->sync();
  if (!status) {
    // What of it is on the disk is not known, and a later sync would not tell (a failed one may
    // drop what it could not write): only a new file is sure.
    file_.reset();
    return status;
  }
  bytes_ += line.size();
  sequence_ = record.sequence;
  const auto applied = apply(record, state_);
  CHECK(applied.ok());
  return base::ok_status();
}

base::Status Journal::intend(const Intent& intent) {
  JournalRecord record;
  record.kind = JournalRecord::Kind::kIntent;
  record.number = intent.number;
  record.intents = {intent};
  return append(std::move(record));
}

base::Status Journal::split(std::uint64_t number, const Intent& first, const Intent& second) {
  JournalRecord record;
  record.kind = JournalRecord::Kind::kSplit;
  record.number = number;
  record.intents = {first, second};
  return append(std::move(record));
}

base::Status Journal::refuse(const Intent& changed) {
  JournalRecord record;
  record.kind = JournalRecord::Kind::kRefused;
  record.number = changed.number;
  record.intents = {changed};
  return append(std::move(record));
}

base::Status Journal::done(std::uint64_t number, const Checkpoint& after) {
  JournalRecord record;
  record.kind = JournalRecord::Kind::kDone;
  record.number = number;
  record.checkpoint = after;
  return append(std::move(record));
}

base::Result<std::string> discard_journal(FileSystem& files, const fs::path& directory) {
  auto reading = read_sure_part(files, directory);
  if (!reading) return reading.error();
  std::uint64_t lines = 0;
  for (const Intent& intent : reading->state.intents) lines += intent.delta.lines;
  const std::size_t batches = reading->state.intents.size();
  Journal journal(directory, files);
  journal.state_ = std::move(reading->state);
  journal.state_.intents.clear();
  journal.generation_ = reading->generation;
  journal.sequence_ = reading->sequence;
  if (auto status = journal.begin_generation(); !status) return status.error();
  std::string damage;
  if (!reading->note.empty()) {
    damage = fmt::format("damage was passed over ({}): what was sent after it is not known\n",
                         reading->note);
  }
  return fmt::format(
      "{}{} batches with {} lines were given up: they are read again and may arrive twice\nthe "
      "sink "
      "goes on after batch {}\n",
      damage, batches, lines, journal.state_.checkpoint.batches);
}

}  // namespace pixel::shipper
