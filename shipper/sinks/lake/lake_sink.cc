// SPDX-License-Identifier: Apache-2.0
// See lake_sink.h. The protocol, in the order of the code: files are encoded and synced in staging;
// the commit record is replaced (the commit point); the files are renamed into place. open() does
// the last part again for the last record, whatever a killed process had done of it.
//
// Threads: files_mutex_ guards index_; who reads files holds files_in_use_ shared, and a merge
// takes it alone before it removes any.
#include "shipper/sinks/lake/lake_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file.h"
#include "base/hash.h"
#include "shipper/sinks/duckdb/duckdb_query.h"
#include "shipper/sinks/duckdb/duckdb_rows.h"
#include "shipper/sinks/lake/lake_apply.h"
#include "shipper/sinks/lake/lake_commit.h"
#include "shipper/sinks/lake/lake_encoder.h"
#include "shipper/sinks/lake/lake_layout.h"
#include "shipper/sinks/lake/lake_merge.h"
#include "shipper/sinks/lake/lake_reader.h"
#include "shipper/sinks/lake/lake_restore.h"
#include "shipper/sinks/lake/lake_upload.h"

namespace pixel::shipper {
namespace {

namespace fs = std::filesystem;
using lake::AddedFile;
using lake::Commit;
using lake::LakeFile;

std::int64_t now_seconds() {
  return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs);
}

class LakeSink final : public Sink {
 public:
  LakeSink(std::vector<TableSpec> tables, LakeSettings settings)
      : tables_(std::move(tables)),
        settings_(std::move(settings)),
        paths_(settings_.path),
        merger_(settings_.memory_bytes) {
    if (settings_.upload) uploader_.emplace(*settings_.upload, paths_);
  }

  Guarantee guarantee() const override {
    return {true,
            "one commit record names the files and the checkpoint, and its replacement is one",
            "somebody else changes files of the lake or its _pixeledge folder"};
  }
  base::Result<Checkpoint> open() override;
  Verdict deliver(const Batch& batch) override;
  Verdict restore(const Batch& batch) override;
  base::Status reach() override {
    if (auto status = base::check_writable(paths_.root); !status) return status;
    return uploader_ ? uploader_->reach() : base::ok_status();
  }
  void maintain() override;
  base::Result<std::vector<Holding>> holdings() override;
  base::Result<QueryAnswer> query(std::string_view sql) override;
  void close() override;

 private:
  using Selection = std::vector<std::uint32_t>;

  base::Status check_columns(const TableSpec& table) const;
  base::Status check_types() const;
  base::Status take_lock();
  base::Status recover();
  base::Status drop_unknown_deliveries();
  base::Status stage(const std::vector<RowBlock>& tables, const std::string& token, Commit& commit);
  Commit next_commit(const Checkpoint& checkpoint) const;
  Verdict add_files(const std::vector<RowBlock>& tables, const std::string& token, Commit commit);
  base::Result<std::vector<RowBlock>> find_missing(const Batch& batch);
  base::Status stage_table(const TableSpec& table, const RowBlock& rows, const std::string& token,
                           Commit& commit);
  base::Status commit_to_disk(const Commit& commit);
  base::Status apply();
  void update_index();
  void discard(const Commit& commit);
  bool start_merge();
  void finish_merge();
  bool is_merging(const std::string& partition) const {
    return (merged_ || merger_.busy()) && merge_partition_ == partition;
  }
  void choose_uploads();
  base::Result<lake::LakeReader> read_tables();
  void step(std::string_view name) const {
    if (settings_.at_step) settings_.at_step(name);
  }

  const std::vector<TableSpec> tables_;
  const LakeSettings settings_;
  const lake::LakePaths paths_;
  base::UniqueFd lock_;
  Commit committed_;     // The last record stored, ours or the one found.
  bool applied_ = true;  // Its files are in place.
  std::uint64_t attempt_ = 0;
  std::vector<std::string> garbage_;  // Staged files that no record needs any more.
  std::optional<lake::LakeEncoder> encoder_;
  lake::Merger merger_;
  std::optional<lake::MergePlan> merged_;  // Written, waiting for its commit.
  std::string merge_output_;               // Name in staging/ of the file being merged.
  std::string merge_partition_;
  std::set<std::string> to_check_;  // Partitions that may want a merge.
  std::optional<lake::Uploader> uploader_;
  std::set<std::string> to_upload_;  // Partitions with files that are not final.
  std::mutex files_mutex_;
  lake::FileIndex index_;
  std::shared_timed_mutex files_in_use_;
};

// "requests.price": a column's key in the commit record.
std::string column_key(const TableSpec& table, const ColumnSpec& column) {
  return table.name + "." + column.name;
}

base::Status LakeSink::check_columns(const TableSpec& table) const {
  for (const ColumnSpec& column : table.columns) {
    if (lake::is_written(column) && (column.name == "date" || column.name == "hour")) {
      return base::Error{fmt::format(
          "column {}.{}: the lake's folders already have this name; call the column otherwise",
          table.name, column.name)};
    }
  }
  if (table.find(ColumnSource::kRequestTime) < table.columns.size()) return base::ok_status();
  return base::Error{fmt::format(
      "table {}: the lake is ordered by hour and needs a column with the request's time",
      table.name)};
}

base::Status LakeSink::check_types() const {
  for (const TableSpec& table : tables_) {
    for (const ColumnSpec& column : table.columns) {
      const auto known = committed_.columns.find(column_key(table, column));
      const std::string_view type = duckdb::sql_type(column.type);
      if (known == committed_.columns.end() || known->second == type) continue;
      return base::Error{
          fmt::format("column {} of table {} is {} in the lake and {} in the "
                      "configuration; rename the column",
                      column.name, table.name, known->second, type)};
    }
  }
  return base::ok_status();
}

// A lock that is held is kept: open() may be tried again on the same sink.
base::Status LakeSink::take_lock() {
  if (lock_) return base::ok_status();
  auto file = base::open_file(paths_.lock, O_RDWR | O_CREAT);
  if (!file) return file.error();
  if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
    return base::Error{fmt::format("{} is open in another sink or shipper ({} is locked)",
                                   paths_.root.string(), paths_.lock.string())};
  }
  lock_ = std::move(*file);
  return base::ok_status();
}

// Only after the last record was lost to damage: what it delivered will be delivered again.
base::Status LakeSink::drop_unknown_deliveries() {
  for (auto& [partition, files] : index_) {
    for (const LakeFile& file : files) {
      if (file.number <= committed_.number || file.level != 0) continue;
      const fs::path path = paths_.root / partition / file.name;
      if (::unlink(path.c_str()) != 0) return base::errno_error("remove", path, errno);
    }
    std::erase_if(files, [this](const LakeFile& file) {
      return file.number > committed_.number && file.level == 0;
    });
  }
  return base::ok_status();
}

base::Status LakeSink::recover() {
  auto loaded = lake::load_commit(paths_);
  if (!loaded) return loaded.error();
  committed_ = std::move(loaded->commit);
  // Of a previous record all is long done, and a later merge may have taken its files.
  if (!loaded->is_previous) {
    if (auto done = lake::apply_commit(paths_, committed_, settings_.at_step); !done) return done;
  }
  applied_ = true;
  if (auto cleared = lake::clear_staging(paths_); !cleared) return cleared;
  auto index = lake::scan_files(paths_.root);
  if (!index) return index.error();
  const std::lock_guard lock(files_mutex_);
  index_ = std::move(*index);
  if (loaded->is_previous) {
    if (auto dropped = drop_unknown_deliveries(); !dropped) return dropped;
  }
  if (uploader_) {
    if (auto opened = uploader_->open(index_); !opened) return opened;
  }
  for (const auto& [partition, files] : index_) {
    if (lake::may_merge(files, settings_)) to_check_.insert(partition);
    to_upload_.insert(partition);
    // Numbers are never used twice, not even after the loss of a record.
    if (!files.empty()) committed_.number = std::max(committed_.number, files.back().number);
  }
  return base::ok_status();
}

base::Result<Checkpoint> LakeSink::open() {
  for (const TableSpec& table : tables_) {
    if (auto checked = check_columns(table); !checked) return checked.error();
    if (auto made = base::create_directories(paths_.root / table.name); !made) return made.error();
  }
  if (auto made = base::create_directories(paths_.staging); !made) return made.error();
  if (auto locked = take_lock(); !locked) return locked.error();
  if (auto recovered = recover(); !recovered) return recovered.error();
  if (auto checked = check_types(); !checked) return checked.error();
  return committed_.checkpoint;
}

std::map<std::int64_t, std::vector<std::uint32_t>> split_by_hour(const std::vector<Cell>& times) {
  std::map<std::int64_t, std::vector<std::uint32_t>> hours;
  std::vector<std::uint32_t>* selection = nullptr;
  std::int64_t current = 0;
  for (std::uint32_t row = 0; row < times.size(); ++row) {
    // A row without a time lies in the first hour of all: readers expect dates as folder names, and
    // Hive's own name for NULL is none to most of them.
    const std::int64_t hour = times[row].null ? 0 : lake::hour_of(times[row].integer);
    if (selection == nullptr || hour != current) {
      selection = &hours[hour];
      current = hour;
    }
    selection->push_back(row);
  }
  return hours;
}

base::Status LakeSink::stage_table(const TableSpec& table, const RowBlock& rows,
                                   const std::string& token, Commit& commit) {
  const std::size_t time_column = table.find(ColumnSource::kRequestTime);
  for (const auto& [hour, selection] : split_by_hour(rows.columns[time_column])) {
    const AddedFile& file = commit.added.emplace_back(AddedFile{
        fmt::format("{:010}-{}-{}", commit.number, attempt_, commit.added.size()),
        lake::partition_name(table.name, hour), lake::file_name(commit.number, token, 0)});
    auto encoded = encoder_->encode(table.columns, rows, selection, paths_.staging / file.staged);
    if (!encoded) return encoded;
    step("file staged");
  }
  return base::ok_status();
}

base::Status LakeSink::stage(const std::vector<RowBlock>& tables, const std::string& token,
                             Commit& commit) {
  if (!encoder_) {
    auto encoder = lake::LakeEncoder::create(settings_.memory_bytes);
    if (!encoder) return encoder.error();
    encoder_.emplace(std::move(*encoder));
  }
  ++attempt_;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    auto staged = stage_table(tables_[i], tables[i], token, commit);
    if (!staged) return staged;
  }
  if (commit.added.empty()) return base::ok_status();
  return base::sync_directory(paths_.staging);
}

// The commit point. Afterwards committed_ is what the disk says, also when this failed.
base::Status LakeSink::commit_to_disk(const Commit& commit) {
  step("staging synced");
  if (auto stored = lake::store_commit(paths_, commit, settings_.at_step); !stored) {
    return stored;
  }
  step("committed");
  committed_ = commit;
  applied_ = false;
  for (const std::string& name : garbage_) ::unlink((paths_.staging / name).c_str());
  garbage_.clear();
  return base::ok_status();
}

// Staged files of a commit that was not made. When its record might lie on the disk all the same,
// they must stay until the next record replaces it.
void LakeSink::discard(const Commit& commit) {
  auto loaded = lake::load_commit(paths_);
  const bool safe = loaded && !loaded->is_previous && loaded->commit.number < commit.number;
  for (const AddedFile& file : commit.added) {
    if (safe) {
      ::unlink((paths_.staging / file.staged).c_str());
    } else {
      garbage_.push_back(file.staged);
    }
  }
  fs::path temporary = paths_.commit;
  ::unlink((temporary += ".tmp").c_str());
}

base::Status LakeSink::apply() {
  if (applied_) return base::ok_status();
  if (auto done = lake::apply_commit(paths_, committed_, settings_.at_step); !done) return done;
  step("applied");
  applied_ = true;
  update_index();
  return base::ok_status();
}

void LakeSink::update_index() {
  const std::lock_guard lock(files_mutex_);
  for (const AddedFile& added : committed_.added) {
    struct stat info {};
    ::stat((paths_.root / added.partition / added.name).c_str(), &info);
    LakeFile file = lake::parse_file_name(added.name).value_or(LakeFile{});
    file.partition = added.partition;
    file.bytes = static_cast<std::uint64_t>(info.st_size);
    file.changed_at = now_seconds();
    index_[added.partition].push_back(std::move(file));
    to_check_.insert(added.partition);
    to_upload_.insert(added.partition);
  }
  for (const lake::RemovedFile& removed : committed_.removed) {
    std::erase_if(index_[removed.partition],
                  [&](const LakeFile& file) { return file.name == removed.name; });
  }
}

Commit LakeSink::next_commit(const Checkpoint& checkpoint) const {
  Commit commit;
  commit.number = committed_.number + 1;
  commit.checkpoint = checkpoint;
  commit.columns = committed_.columns;
  for (const TableSpec& table : tables_) {
    for (const ColumnSpec& column : table.columns) {
      if (!lake::is_written(column)) continue;
      commit.columns[column_key(table, column)] = duckdb::sql_type(column.type);
    }
  }
  return commit;
}

Verdict LakeSink::add_files(const std::vector<RowBlock>& tables, const std::string& token,
                            Commit commit) {
  auto stored = stage(tables, token, commit);
  if (stored) stored = commit_to_disk(commit);
  if (!stored) {
    encoder_.reset();  // Whatever state the failure left it in.
    discard(commit);
    return retry(stored.error());
  }
  // The record is durable and names the files: the batch is the lake's, also if they cannot be
  // renamed now. The next call begins with that, and nothing is taken before it is done.
  (void)apply();
  return acked();
}

Verdict LakeSink::deliver(const Batch& batch) {
  if (auto done = apply(); !done) return retry(done.error());
  return add_files(batch.tables, batch.token(), next_commit(batch.after));
}

base::Result<std::vector<RowBlock>> LakeSink::find_missing(const Batch& batch) {
  const std::shared_lock in_use(files_in_use_);
  auto reader = read_tables();
  if (!reader) return reader.error();
  return lake::missing_rows(*reader, tables_, batch);
}

Verdict LakeSink::restore(const Batch& batch) {
  if (auto done = apply(); !done) return retry(done.error());
  const auto missing = find_missing(batch);
  if (!missing) return retry(missing.error());
  const bool is_whole = std::all_of(missing->begin(), missing->end(),
                                    [](const RowBlock& rows) { return rows.row_count == 0; });
  if (is_whole) return acked();
  return add_files(*missing, batch.token(), next_commit(committed_.checkpoint));
}

void LakeSink::maintain() {
  if (!apply()) return;
  if (merged_ || (merger_.busy() && merger_.finished())) finish_merge();
  if (!merged_ && !merger_.busy()) start_merge();
  if (uploader_) choose_uploads();
}

// A file that is chosen is never merged again: its rows are then in the bucket under its name, and
// a merged file would bring them a second time.
void LakeSink::choose_uploads() {
  const std::lock_guard lock(files_mutex_);
  for (auto partition = to_upload_.begin(); partition != to_upload_.end();) {
    auto& files = index_[*partition];
    if (!is_merging(*partition)) {
      for (const std::size_t place : lake::finished_files(files, settings_, now_seconds())) {
        if (!uploader_->has_room()) return;
        if (auto taken = uploader_->take(files[place]); !taken) {
          spdlog::warn("lake: {}; no file goes to S3 meanwhile", taken.error().message);
          return;
        }
      }
    }
    const bool is_done =
        std::all_of(files.begin(), files.end(), [](const LakeFile& file) { return file.is_final; });
    partition = is_done ? to_upload_.erase(partition) : std::next(partition);
  }
}

bool LakeSink::start_merge() {
  const std::lock_guard lock(files_mutex_);
  for (auto partition = to_check_.begin(); partition != to_check_.end();) {
    const auto& files = index_[*partition];
    auto plan = lake::plan_merge(files, settings_, now_seconds());
    if (plan) {
      merge_output_ = fmt::format("merge-{}-{}", committed_.number, ++attempt_);
      merge_partition_ = *partition;
      merger_.start(std::move(*plan), paths_.root, paths_.staging / merge_output_);
      return true;
    }
    const bool later = lake::may_merge(files, settings_);
    partition = later ? std::next(partition) : to_check_.erase(partition);
  }
  return false;
}

void LakeSink::finish_merge() {
  if (!merged_) {
    auto plan = merger_.take();
    if (!plan) {
      ::unlink((paths_.staging / merge_output_).c_str());
      // Its files stay as they are; the next delivery to the partition tries again.
      spdlog::warn("lake: cannot merge files of {}: {}", merge_partition_, plan.error().message);
      to_check_.erase(merge_partition_);
      return;
    }
    merged_.emplace(std::move(*plan));
    step("merge staged");
  }
  std::unique_lock alone(files_in_use_, std::chrono::milliseconds(500));
  if (!alone) return;  // Someone reads; the next call tries again.
  Commit commit = committed_;
  ++commit.number;
  commit.added.clear();
  commit.removed.clear();
  std::string names;
  for (const LakeFile& file : merged_->inputs) {
    commit.removed.push_back({file.partition, file.name});
    names += file.name;
  }
  const std::string token = fmt::format("{:016x}", base::hash64(names));
  commit.added.push_back({merge_output_, merged_->inputs.front().partition,
                          lake::file_name(commit.number, token, merged_->level)});
  merged_.reset();
  auto stored = base::sync_directory(paths_.staging);
  if (stored) stored = commit_to_disk(commit);
  if (!stored) return discard(commit);
  (void)apply();
}

// REQUIRES: files_in_use_ is held as long as the reader lives.
base::Result<lake::LakeReader> LakeSink::read_tables() {
  const std::lock_guard lock(files_mutex_);
  std::vector<lake::ReadTable> tables;
  for (const TableSpec& table : tables_) {
    lake::ReadTable& read = tables.emplace_back(lake::ReadTable{&table, {}});
    for (const auto& [partition, files] : index_) {
      if (!lake::is_of_table(partition, table.name)) continue;
      for (const LakeFile& file : files) read.files.push_back(paths_.root / partition / file.name);
    }
  }
  return lake::open_reader(settings_, tables);
}

base::Result<std::vector<Holding>> LakeSink::holdings() {
  const std::shared_lock in_use(files_in_use_);
  auto reader = read_tables();
  if (!reader) return reader.error();
  return duckdb::read_holdings(reader->connection, tables_);
}

base::Result<QueryAnswer> LakeSink::query(std::string_view sql) {
  const std::shared_lock in_use(files_in_use_);
  auto reader = read_tables();
  if (!reader) return reader.error();
  return duckdb::answer_query(reader->connection, sql,
                              {settings_.query_rows_max, settings_.query_timeout_ns});
}

void LakeSink::close() {
  if (uploader_) uploader_->stop();
  merger_.stop();
  (void)apply();
  encoder_.reset();
  lock_.reset();
}

}  // namespace

std::unique_ptr<Sink> create_lake_sink(std::vector<TableSpec> tables, LakeSettings settings) {
  return std::make_unique<LakeSink>(std::move(tables), std::move(settings));
}

}  // namespace pixel::shipper
