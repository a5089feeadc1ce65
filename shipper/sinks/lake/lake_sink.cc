// SPDX-License-Identifier: Apache-2.0
// See lake_sink.h. The protocol: files are encoded and synced in staging (lake_staging.h); the
// commit record is replaced, which is the commit point, and the files are renamed into place
// (lake_store.h).
//
// Threads: who reads files holds files_in_use_ shared, and a merge takes it alone before it removes
// any.
#include "shipper/sinks/lake/lake_sink.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <shared_mutex>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/units.h"
#include "shipper/sinks/duckdb/duckdb_query.h"
#include "shipper/sinks/duckdb/duckdb_rows.h"
#include "shipper/sinks/lake/lake_columns.h"
#include "shipper/sinks/lake/lake_merge.h"
#include "shipper/sinks/lake/lake_reader.h"
#include "shipper/sinks/lake/lake_restore.h"
#include "shipper/sinks/lake/lake_staging.h"
#include "shipper/sinks/lake/lake_store.h"
#include "shipper/sinks/lake/lake_upload.h"

namespace pixel::shipper {
namespace {

using lake::Commit;
using lake::FileIndex;
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
        store_(settings_, paths_),
        staging_(tables_, settings_, paths_),
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
  Commit next_commit(const Checkpoint& checkpoint) const;
  Verdict add_files(const std::vector<RowBlock>& tables, const std::string& token, Commit commit);
  base::Result<std::vector<RowBlock>> find_missing(const Batch& batch);
  void start_merge();
  bool take_merged();
  void finish_merge();
  Commit merge_commit(const lake::MergePlan& merged) const;
  bool is_merging(const std::string& partition) const {
    return (merged_ || merger_.busy()) && merge_partition_ == partition;
  }
  void choose_uploads();
  base::Result<lake::LakeReader> read_tables();

  const std::vector<TableSpec> tables_;
  const LakeSettings settings_;
  const lake::LakePaths paths_;
  lake::LakeStore store_;
  lake::Staging staging_;
  lake::Merger merger_;
  std::optional<lake::MergePlan> merged_;  // Written, waiting for its commit.
  std::string merge_output_;               // Name in staging/ of the file being merged.
  std::string merge_partition_;
  std::set<std::string> to_check_;  // Partitions that may want a merge.
  std::optional<lake::Uploader> uploader_;
  std::set<std::string> to_upload_;  // Partitions with files that are not final.
  std::shared_timed_mutex files_in_use_;
};

base::Result<Checkpoint> LakeSink::open() {
  for (const TableSpec& table : tables_) {
    if (auto checked = lake::check_columns(table); !checked) return checked.error();
    if (auto made = base::create_directories(paths_.root / table.name); !made) return made.error();
  }
  if (auto opened = store_.open(uploader_ ? &*uploader_ : nullptr); !opened) return opened.error();
  if (auto checked = lake::check_types(tables_, store_.committed().columns); !checked) {
    return checked.error();
  }
  return store_.committed().checkpoint;
}

Commit LakeSink::next_commit(const Checkpoint& checkpoint) const {
  Commit commit;
  commit.number = store_.committed().number + 1;
  commit.checkpoint = checkpoint;
  commit.columns = store_.committed().columns;
  lake::add_types(tables_, commit.columns);
  return commit;
}

Verdict LakeSink::add_files(const std::vector<RowBlock>& tables, const std::string& token,
                            Commit commit) {
  auto stored = staging_.stage(tables, token, commit);
  if (stored) {
    stored = store_.commit(commit);
  } else {
    store_.discard(commit);
  }
  if (!stored) {
    staging_.reset();  // Whatever state the failure left it in.
    return retry(stored.error());
  }
  // The record is durable and names the files: the batch is the lake's, also if they cannot be
  // renamed now. The next call begins with that, and nothing is taken before it is done.
  (void)store_.apply();
  return acked();
}

Verdict LakeSink::deliver(const Batch& batch) {
  if (auto done = store_.apply(); !done) return retry(done.error());
  return add_files(batch.tables, batch.token(), next_commit(batch.after));
}

base::Result<std::vector<RowBlock>> LakeSink::find_missing(const Batch& batch) {
  const std::shared_lock in_use(files_in_use_);
  auto reader = read_tables();
  if (!reader) return reader.error();
  return lake::missing_rows(*reader, tables_, batch);
}

Verdict LakeSink::restore(const Batch& batch) {
  if (auto done = store_.apply(); !done) return retry(done.error());
  const auto missing = find_missing(batch);
  if (!missing) return retry(missing.error());
  const bool is_whole = std::all_of(missing->begin(), missing->end(),
                                    [](const RowBlock& rows) { return rows.row_count == 0; });
  if (is_whole) return acked();
  return add_files(*missing, batch.token(), next_commit(store_.committed().checkpoint));
}

void LakeSink::maintain() {
  if (!store_.apply()) return;
  for (const std::string& partition : store_.take_changed()) {
    to_check_.insert(partition);
    if (uploader_) to_upload_.insert(partition);
  }
  if (merged_ || (merger_.busy() && merger_.finished())) finish_merge();
  if (!merged_ && !merger_.busy()) start_merge();
  if (uploader_) choose_uploads();
}

// A file that is chosen is never merged again: its rows are then in the bucket under its name, and
// a merged file would bring them a second time.
void LakeSink::choose_uploads() {
  store_.with_files([this](FileIndex& index) {
    for (auto partition = to_upload_.begin(); partition != to_upload_.end();) {
      auto& files = index[*partition];
      if (!is_merging(*partition)) {
        for (const std::size_t place : lake::finished_files(files, settings_, now_seconds())) {
          if (!uploader_->has_room()) return;
          if (auto taken = uploader_->take(files[place]); !taken) {
            spdlog::warn("lake: {}; no file goes to S3 meanwhile", taken.error().message);
            return;
          }
        }
      }
      const bool is_done = std::all_of(files.begin(), files.end(),
                                       [](const LakeFile& file) { return file.is_final; });
      partition = is_done ? to_upload_.erase(partition) : std::next(partition);
    }
  });
}

void LakeSink::start_merge() {
  store_.with_files([this](const FileIndex& index) {
    for (auto partition = to_check_.begin(); partition != to_check_.end();) {
      const auto found = index.find(*partition);
      const std::vector<LakeFile> none;
      const auto& files = found != index.end() ? found->second : none;
      auto plan = lake::plan_merge(files, settings_, now_seconds());
      if (plan) {
        merge_output_ = staging_.new_name("merge-", store_.committed().number);
        merge_partition_ = *partition;
        merger_.start(std::move(*plan), paths_.root, paths_.staging / merge_output_);
        return;
      }
      const bool later = lake::may_merge(files, settings_);
      partition = later ? std::next(partition) : to_check_.erase(partition);
    }
  });
}

bool LakeSink::take_merged() {
  auto plan = merger_.take();
  if (!plan) {
    ::unlink((paths_.staging / merge_output_).c_str());
    // Its files stay as they are; the next delivery to the partition tries again.
    spdlog::warn("lake: cannot merge files of {}: {}", merge_partition_, plan.error().message);
    to_check_.erase(merge_partition_);
    return false;
  }
  merged_.emplace(std::move(*plan));
  if (settings_.at_step) settings_.at_step("merge staged");
  return true;
}

// The same rows and checkpoint, in one file instead of its inputs.
Commit LakeSink::merge_commit(const lake::MergePlan& merged) const {
  Commit commit = store_.committed();
  ++commit.number;
  commit.added.clear();
  commit.removed.clear();
  std::string names;
  for (const LakeFile& file : merged.inputs) {
    commit.removed.push_back({file.partition, file.name});
    names += file.name;
  }
  const std::string token = fmt::format("{:016x}", base::hash64(names));
  commit.added.push_back({merge_output_, merged.inputs.front().partition,
                          lake::file_name(commit.number, token, merged.level)});
  return commit;
}

void LakeSink::finish_merge() {
  if (!merged_ && !take_merged()) return;
  const std::unique_lock alone(files_in_use_, std::chrono::milliseconds(500));
  if (!alone) return;  // Someone reads; the next call tries again.
  const Commit commit = merge_commit(*merged_);
  merged_.reset();
  if (!base::sync_directory(paths_.staging)) return store_.discard(commit);
  if (store_.commit(commit)) (void)store_.apply();
}

// REQUIRES: files_in_use_ is held as long as the reader lives.
base::Result<lake::LakeReader> LakeSink::read_tables() {
  std::vector<lake::ReadTable> tables;
  store_.with_files([&](const FileIndex& index) {
    for (const TableSpec& table : tables_) {
      lake::ReadTable& read = tables.emplace_back(lake::ReadTable{&table, {}});
      for (const auto& [partition, files] : index) {
        if (!lake::is_of_table(partition, table.name)) continue;
        for (const LakeFile& file : files) {
          read.files.push_back(paths_.root / partition / file.name);
        }
      }
    }
  });
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
  (void)store_.apply();
  staging_.reset();
  store_.close();
}

}  // namespace

std::unique_ptr<Sink> create_lake_sink(std::vector<TableSpec> tables, LakeSettings settings) {
  return std::make_unique<LakeSink>(std::move(tables), std::move(settings));
}

}  // namespace pixel::shipper
